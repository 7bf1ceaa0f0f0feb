package scenarios

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// scripted is a client that sees what a script says, until it is told to
// leave; released is closed when the application was told to end.
type scripted struct {
	measure.Client
	script func(see func(measure.EventKind), released <-chan struct{}) error
	free   chan struct{}
}

func (c scripted) Name() string { return "scripted" }

func (c scripted) Subscribe(ctx context.Context, _ measure.Subscription, sink func(measure.Event)) error {
	err := c.script(func(k measure.EventKind) { sink(measure.Event{Kind: k, T: time.Now().UnixMicro()}) }, c.free)
	if errors.Is(err, errStays) {
		<-ctx.Done()
		return nil
	}
	return err
}

// errStays says that a script goes on until the client is told to leave.
var errStays = errors.New("it goes on")

// TestListen: how long an exchange is heard, whatever it does.
func TestListen(t *testing.T) {
	const never = -1
	head, message, end := measure.Headers, measure.Received, measure.End
	for _, tt := range []struct {
		name           string
		spec           app.Spec
		look, free     bool // free: somebody can have the application end it
		script         func(see func(measure.EventKind), released <-chan struct{}) error
		released, left time.Duration
		events         int
		fails          string
	}{
		{"ends by itself", app.Spec{}, false, true, func(see func(measure.EventKind), _ <-chan struct{}) error {
			see(head)
			see(message)
			time.Sleep(3 * time.Second)
			see(end)
			return nil
		}, never, never, 3, ""},
		{"never answers", app.Spec{}, false, true, func(func(measure.EventKind), <-chan struct{}) error { return errStays }, 15 * time.Second, 18 * time.Second, 0, ""},
		{"never answers, and is not listened to for long", app.Spec{Duration: app.Duration(time.Second)}, false, true, func(func(measure.EventKind), <-chan struct{}) error { return errStays }, 10 * time.Second, 13 * time.Second, 0, ""},
		{"goes on", app.Spec{Duration: app.Duration(4 * time.Second)}, false, true, func(see func(measure.EventKind), _ <-chan struct{}) error { see(head); return errStays }, 4 * time.Second, 7 * time.Second, 1, ""},
		{"goes on until it is told", app.Spec{Duration: app.Duration(4 * time.Second)}, false, true, func(see func(measure.EventKind), released <-chan struct{}) error {
			see(head)
			<-released
			see(message)
			see(end)
			return nil
		}, 4 * time.Second, never, 3, ""},
		{"goes on, and nobody can tell it", app.Spec{Duration: app.Duration(4 * time.Second)}, false, false, func(see func(measure.EventKind), _ <-chan struct{}) error { see(head); return errStays }, never, 4 * time.Second, 1, ""},
		{"all that is expected, then the end", app.Spec{Expect: app.Expect{Messages: 1}}, false, true, func(see func(measure.EventKind), _ <-chan struct{}) error {
			see(head)
			see(message)
			time.Sleep(time.Second)
			see(end)
			return nil
		}, never, never, 3, ""},
		{"all that is expected, and it goes on", app.Spec{Expect: app.Expect{Messages: 1}}, false, true, func(see func(measure.EventKind), _ <-chan struct{}) error {
			see(head)
			time.Sleep(time.Second)
			see(message)
			return errStays
		}, never, 3 * time.Second, 2, ""},
		{"a look", app.Spec{}, true, true, func(see func(measure.EventKind), _ <-chan struct{}) error {
			see(head)
			time.Sleep(time.Second)
			see(message)
			return errStays
		}, never, time.Second, 2, ""},
		{"more than anybody keeps", app.Spec{}, false, true, func(see func(measure.EventKind), _ <-chan struct{}) error {
			see(head)
			for range 2 * mostHeard {
				see(message)
			}
			return errStays
		}, never, 0, mostHeard, ""},
		{"the client fails", app.Spec{}, false, true, func(func(measure.EventKind), <-chan struct{}) error { return errors.New("out of order") }, never, never, 0, "client scripted: out of order"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.spec.URL = "http://127.0.0.1/"
				if err := tt.spec.Check(); err != nil {
					t.Fatal(err)
				}
				free := make(chan struct{})
				l := listener{client: scripted{script: tt.script, free: free}, spec: &tt.spec, look: tt.look}
				if tt.free {
					l.release = func() { close(free) }
				}
				e, err := l.listen(t.Context(), measure.Target{})
				if tt.fails != "" {
					if err == nil || !strings.Contains(err.Error(), tt.fails) {
						t.Errorf("%v, want %s", err, tt.fails)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for what, times := range map[string][2]time.Duration{"released": {after(e, e.Released), tt.released}, "left": {after(e, e.Left), tt.left}} {
					if times[0] != times[1] {
						t.Errorf("%s after %s, want %s", what, times[0], times[1])
					}
				}
				if len(e.Client) != tt.events {
					t.Errorf("%d events, want %d", len(e.Client), tt.events)
				}
			})
		})
	}
}

// after counts from the start; -1 is never.
func after(e *Evidence, at time.Time) time.Duration {
	if at.IsZero() {
		return -1
	}
	return at.Sub(e.Started)
}

// TestListenIsInterrupted: what is under way when the run is stopped is no
// evidence.
func TestListenIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		spec := &app.Spec{URL: "http://127.0.0.1/"}
		if err := spec.Check(); err != nil {
			t.Fatal(err)
		}
		stays := scripted{script: func(see func(measure.EventKind), _ <-chan struct{}) error { see(measure.Headers); return errStays }}
		if _, err := (listener{client: stays, spec: spec}).listen(ctx, measure.Target{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

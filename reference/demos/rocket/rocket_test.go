package rocket

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/demotest"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const comet = "/demo/rocket/comet?session=abcdefghijklmnop"

var demoOn = demotest.Mount("/demo/rocket/", New)

// servletOn mounts a servlet of the test's own.
func servletOn(c Config) func(*testing.T, *reference.Server) func() {
	return demotest.Mount("/demo/rocket/", func(s *stage.Stage) (*Servlet, error) { return NewServlet(s, c) })
}

var payload = regexp.MustCompile(`<script>parent\.rocket\.payload\("(e-\d+)","(.*)"\)</script>`)

// ids lists the payloads of a body.
func ids(body string) []string {
	var out []string
	for _, m := range payload.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestMandatoryLimits(t *testing.T) {
	poll := func(context.Context, *Connection) {}
	for want, c := range map[string]Config{
		"maximum-bytes-written": {ConnectionTimeout: time.Minute, Poll: poll},
		"connection-timeout":    {MaximumBytesWritten: 65536, Poll: poll},
	} {
		if _, err := NewServlet(nil, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want an error about %s", err, want)
		}
	}
}

func TestOnlyGET(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Post(comet, "a=b")
		if x.Status() != http.StatusMethodNotAllowed || x.Header().Get("Allow") != http.MethodGet {
			t.Errorf("%d, Allow %q: want 405 and GET", x.Status(), x.Header().Get("Allow"))
		}
	})
}

func TestPushesOnceASecondAndEndsAfterAMinute(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(comet)
		time.Sleep(4500 * time.Millisecond)
		if got := ids(x.Body()); len(got) != 5 {
			t.Fatalf("%d payloads within 4.5 s, want 5: %v", len(got), got)
		}
		if !strings.Contains(x.Body(), `"//OK[`) || !strings.Contains(x.Body(), `[\"demo.Tick/1\"`) {
			t.Errorf("no serialised tick in %s", x.Body())
		}
		time.Sleep(time.Minute)
		if !x.Over() || !strings.Contains(x.Body(), `rocket.ended("recycle-time")`) {
			t.Fatalf("not over after a minute: …%.200s", x.Body())
		}
		seen := ids(x.Body())
		y := b.Get(comet + "&after=" + seen[len(seen)-1])
		time.Sleep(500 * time.Millisecond)
		if got := ids(y.Body()); len(got) < 1 || got[0] == seen[len(seen)-1] {
			t.Errorf("the next connection goes on with %v behind %s", got, seen[len(seen)-1])
		}
	})
}

type text string

func (text) TypeName() string { return "text/1" }
func (t text) Fields() []any  { return []any{string(t)} }

func TestEndsAtMaximumBytes(t *testing.T) {
	polls := 0
	c := Config{MaximumBytesWritten: 65536, ConnectionTimeout: time.Minute, Poll: func(_ context.Context, c *Connection) {
		polls++
		if err := c.Push(text(strings.Repeat("x", 20_000))); err != nil {
			t.Error(err)
		}
	}}
	demotest.Run(t, servletOn(c), func(t *testing.T, b *demotest.Bench) {
		x := b.Get(comet)
		time.Sleep(10 * time.Second)
		if !x.Over() || !strings.Contains(x.Body(), `rocket.ended("recycle-bytes")`) {
			t.Fatal("the response did not end by its size")
		}
		if n := len(ids(x.Body())); n != 4 { // the one that crosses is finished
			t.Errorf("%d payloads of 20,000 bytes, want 4", n)
		}
		if polls > 5 {
			t.Errorf("%d polls: it is called for clients that are gone", polls)
		}
	})
}

func TestNoBusyLoopAndHeartbeats(t *testing.T) {
	polls := 0
	c := Config{
		MaximumBytesWritten: 65536, ConnectionTimeout: time.Minute, Heartbeat: 10 * time.Second,
		Poll: func(context.Context, *Connection) { polls++ },
	}
	demotest.Run(t, servletOn(c), func(t *testing.T, b *demotest.Bench) {
		x := b.Get(comet)
		time.Sleep(30500 * time.Millisecond)
		synctest.Wait()
		if polls != 31 {
			t.Errorf("%d polls in 30.5 s, want 31", polls)
		}
		if n := strings.Count(x.Body(), "rocket.heartbeat()"); n != 3 {
			t.Errorf("%d heartbeats in 30 s of silence, want 3", n)
		}
		x.Leave()
		before := polls
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if polls > before+1 {
			t.Errorf("polled %d times after the client left", polls-before)
		}
	})
}

func TestAnUndeclaredPayloadDoesNotEndTheSession(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(comet)
		time.Sleep(8500 * time.Millisecond)
		body := x.Body()
		if strings.Count(body, "demo.Stray/1") != 1 || len(ids(body)) != 9 || x.Over() {
			t.Errorf("want nine payloads, one of them a stray, and a session that goes on: %s", body)
		}
	})
}

func TestTerminateIsForGood(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(comet)
		if s := b.Post("/demo/rocket/terminate?session=abcdefghijklmnop", "").Status(); s != http.StatusNoContent {
			t.Fatalf("terminate: %d", s)
		}
		if !x.Over() || !strings.HasSuffix(x.Body(), "<script>parent.rocket.terminated()</script>\n") {
			t.Errorf("not told: %s", x.Body())
		}
		if s := b.Get(comet).Status(); s != http.StatusGone {
			t.Errorf("coming back was answered with %d, want 410", s)
		}
	})
}

func TestSerialise(t *testing.T) {
	got, err := serialise(tick{3, "a</script>"})
	if want := `//OK[2,3,1,["demo.Tick/1","a\u003c/script\u003e"],0,7]`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := serialise(wrong{}); err == nil {
		t.Error("a field that nobody can read was serialised")
	}
}

type wrong struct{}

func (wrong) TypeName() string { return "wrong/1" }
func (wrong) Fields() []any    { return []any{struct{}{}} }

func TestChannelsAreTheDemosOwn(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		const channel = "?channel=/demo/rocket/session/abcdefghijklmnop"
		if s := b.Post("/publish"+channel, "x=y").Status(); s != http.StatusForbidden {
			t.Errorf("publishing from outside: %d", s)
		}
		if s := b.Get("/t/eventsource" + channel).Status(); s != http.StatusForbidden {
			t.Errorf("subscribing from outside: %d", s)
		}
	})
}

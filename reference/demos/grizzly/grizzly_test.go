package grizzly

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/demotest"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	path   = "/demo/grizzly-counter/"
	poll   = path + "long_polling"
	stream = path + "streaming"
)

var demoOn = demotest.Mount(path, New)

func wantAnswer(t *testing.T, x *demotest.Exchange, xjson string) {
	t.Helper()
	if x.Status() != http.StatusOK || x.Body() != "success" || x.Header().Get("X-JSON") != xjson {
		t.Errorf("%d %q, X-JSON %s; want 200, success and %s", x.Status(), x.Body(), x.Header().Get("X-JSON"), xjson)
	}
}

func TestGETSuspendsUntilAPOST(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		one, two := b.Get(poll), b.Get(poll)
		time.Sleep(time.Minute)
		if one.Answered() || two.Answered() {
			t.Fatal("answered before anybody incremented")
		}
		wantAnswer(t, b.Post(poll, ""), `{"counter":1,"coalesced":0}`)
		wantAnswer(t, one, `{"counter":1,"coalesced":0}`)
		wantAnswer(t, two, `{"counter":1,"coalesced":0}`)
	})
}

func TestWhatNobodyWaitedForCoalesces(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		for range 3 {
			b.Post(poll, "")
		}
		x := b.Get(poll + "?seen=0")
		if x.Answered() {
			t.Fatal("a GET is suspended, whatever happened before")
		}
		b.Post(poll, "")
		wantAnswer(t, x, `{"counter":4,"coalesced":3}`)
		y := b.Get(poll + "?seen=4")
		b.Post(poll, "")
		wantAnswer(t, y, `{"counter":5,"coalesced":0}`)
	})
}

func TestExpirationInterruptsWithAnAnswer(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(poll + "?seen=0")
		time.Sleep(149 * time.Second)
		if x.Answered() {
			t.Fatal("answered too early")
		}
		time.Sleep(2 * time.Second)
		wantAnswer(t, x, `{"counter":0,"coalesced":0}`)
	})
}

func TestStreamIsWrittenWithoutResuming(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(stream)
		for range 3 {
			b.Post(poll, "")
		}
		for n := range 3 {
			if want := fmt.Sprintf(`parent.counter.update({"counter":%d,"coalesced":0})`, n+1); !strings.Contains(x.Body(), want) {
				t.Errorf("%s is not in %s", want, x.Body())
			}
		}
		if x.Over() {
			t.Error("the stream ended")
		}
	})
}

func TestBadRequests(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		if s := b.Get(poll + "?seen=x").Status(); s != http.StatusBadRequest {
			t.Errorf("seen=x: %d", s)
		}
		if s := b.Ask(http.MethodPut, poll, "").Status(); s != http.StatusMethodNotAllowed {
			t.Errorf("PUT: %d", s)
		}
	})
}

// witness is a handler that writes down what it is told.
type witness struct {
	name string
	mu   *sync.Mutex
	seen *[]string
	act  func(Event, *Response)
}

func (w witness) OnEvent(e Event, r *Response) {
	words := map[EventType]string{Initialize: "initialize", Notify: "notify", Interrupt: "interrupt", Terminate: "terminate", Read: "read", Write: "write"}
	line := w.name + " " + words[e.Type]
	if e.Attachment != nil {
		line += fmt.Sprintf(" %v", e.Attachment)
	}
	if e.Gone {
		line += " gone"
	}
	w.mu.Lock()
	*w.seen = append(*w.seen, line)
	w.mu.Unlock()
	if w.act != nil {
		w.act(e, r)
	}
}

// events runs a context with witnesses at /demo/grizzly-counter/NAME, held
// unless the name starts with s.
func events(t *testing.T, delay time.Duration, act func(Event, *Response), test func(b *demotest.Bench, c *Context, take func() []string)) {
	var mu sync.Mutex
	var seen []string
	var c *Context
	mount := func(t *testing.T, srv *reference.Server) func() {
		s := stage.New(srv, path, 1)
		c = NewEngine(s).Register("topic")
		c.ExpirationDelay = delay
		err := srv.Mount(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name := strings.TrimPrefix(r.URL.Path, path)
			style := Style{reference.Held, func() reference.Framer { return &headerFramer{} }}
			if name[0] == 's' {
				style = Style{reference.Stream, func() reference.Framer { return scriptFramer{} }}
			}
			c.AddHandler(w, r, style, witness{name, &mu, &seen, act})
		}))
		if err != nil {
			t.Fatal(err)
		}
		return s.Close
	}
	demotest.Run(t, mount, func(_ *testing.T, b *demotest.Bench) {
		test(b, c, func() []string {
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			lines := seen
			seen = nil
			return lines
		})
	})
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
}

func TestNotifyTellsOneAfterTheOtherOrOne(t *testing.T) {
	events(t, 0, nil, func(b *demotest.Bench, c *Context, take func() []string) {
		b.Get(path + "a")
		b.Get(path + "b")
		wantEvents(t, take(), "a initialize", "b initialize")
		if n := c.Notify("all"); n != 2 {
			t.Errorf("%d told", n)
		}
		wantEvents(t, take(), "a notify all", "b notify all")
		c.Notify("one", c.suspended()[1].ID())
		wantEvents(t, take(), "b notify one")
		c.Read(c.suspended()[0].ID(), "hello")
		wantEvents(t, take(), "a read hello")
		time.Sleep(24 * time.Hour) // no delay is the default
		if c.Suspended() != 2 {
			t.Errorf("%d still suspended after a day, want 2", c.Suspended())
		}
	})
}

func TestAResponseIsOverOnce(t *testing.T) {
	act := func(e Event, r *Response) {
		switch e.Type {
		case Notify:
			_ = r.Write([]byte("1"))
			if e.Attachment == "end" {
				r.Resume()
			}
		case Interrupt:
			_ = r.Write([]byte("2"))
		}
	}
	events(t, time.Minute, act, func(b *demotest.Bench, c *Context, take func() []string) {
		b.Get(path + "a")
		c.Notify("end")
		wantEvents(t, take(), "a initialize", "a notify end", "a write", "a terminate")

		b.Get(path + "s")
		c.Notify("go on")
		synctest.Wait()
		c.Notify("end")
		wantEvents(t, take(), "s initialize", "s notify go on", "s write", "s notify end", "s write", "s terminate")

		left := b.Get(path + "c")
		left.Leave()
		wantEvents(t, take(), "c initialize", "c interrupt gone")

		late := b.Get(path + "d")
		time.Sleep(61 * time.Second)
		wantEvents(t, take(), "d initialize", "d interrupt", "d write")
		wantAnswer(t, late, "2")
		time.Sleep(time.Hour)
		wantEvents(t, take())
		if c.Suspended() != 0 {
			t.Errorf("%d are still suspended", c.Suspended())
		}
	})
}

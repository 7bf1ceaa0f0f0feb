package reference

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// plain is an application's own framing: a line for each message.
type plain struct{}

func (plain) Head() Head {
	return Head{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}}
}
func (plain) Open(dst []byte, _ Control) []byte     { return append(dst, "open\n"...) }
func (plain) Message(dst []byte, m *Message) []byte { return append(append(dst, m.Data...), '\n') }
func (plain) Control(dst []byte, c Control) []byte  { return append(append(dst, c.Kind...), '\n') }
func (plain) Close(dst []byte, c Control) []byte    { return append(append(dst, c.Reason...), '\n') }
func (plain) SharingKey() string                    { return "plain" }

// carried is an application that carries every request on one channel and
// keeps what it is told.
type carried struct {
	server  *Server
	class   Class
	sub     *Subscription
	written int
	endings []Ending
	err     error
}

func (a *carried) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := DefaultParams()
	p.After = a.server.Hub().Last("/app/channel")
	a.sub = NewSubscription("/app/channel", "app", p)
	a.sub.OnWrite = func(*Message) { a.written++ }
	a.sub.OnEnd = func(e Ending) { a.endings = append(a.endings, e) }
	a.err = a.server.Carry(w, r, a.class, a.sub, plain{})
}

func withApplication(t *testing.T, class Class, test func(t *testing.T, b *bench, a *carried)) {
	t.Helper()
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		a := &carried{server: b.Server, class: class}
		if err := b.Mount("/app/", a); err != nil {
			t.Fatal(err)
		}
		test(t, b, a)
	})
}

func TestCarriedStream(t *testing.T) {
	withApplication(t, Stream, func(t *testing.T, b *bench, a *carried) {
		c := b.get("/app")
		b.publish("/app/channel", "one", "two")
		if got := c.body(); got != "open\n\"one\"\n\"two\"\n" {
			t.Errorf("got %q", got)
		}
		b.Detach(a.sub, ReasonLimit)
		if got := c.body(); !strings.HasSuffix(got, "limit\n") {
			t.Errorf("not ended: %q", got)
		}
		if a.written != 2 || len(a.endings) != 1 || a.endings[0] != (Ending{Reason: ReasonLimit, Messages: 2}) {
			t.Errorf("%d written, ended %+v", a.written, a.endings)
		}
	})
}

func TestCarriedPollThatIsLeft(t *testing.T) {
	withApplication(t, Held, func(t *testing.T, b *bench, a *carried) {
		c := b.get("/app/anything")
		time.Sleep(time.Second)
		c.leave()
		synctest.Wait()
		if len(a.endings) != 1 || a.endings[0].Err == nil || a.endings[0].Reason != "" {
			t.Errorf("ended %+v; want once, with an error", a.endings)
		}
		d := b.get("/app/")
		time.Sleep(26 * time.Second) // longer than the hold
		if _, _, whole := d.answer(); !whole || len(a.endings) != 2 || a.endings[1] != (Ending{Reason: ReasonAnswered}) {
			t.Errorf("ended %+v", a.endings)
		}
	})
}

func TestCarryRefuses(t *testing.T) {
	withApplication(t, Stream, func(t *testing.T, b *bench, a *carried) {
		b.hub.Terminate("/app/channel")
		c := b.get("/app/")
		if resp, _, _ := c.answer(); resp.StatusCode != http.StatusGone || !errors.Is(a.err, ErrTerminated) || len(a.endings) != 0 {
			t.Errorf("status %d, error %v, ended %+v", resp.StatusCode, a.err, a.endings)
		}
	})
}

func TestAnApplicationsChannelsAreItsOwn(t *testing.T) {
	withApplication(t, Stream, func(t *testing.T, b *bench, _ *carried) {
		for _, request := range []string{
			"GET /t/eventsource?channel=/app/channel HTTP/1.1\r\nHost: o\r\n\r\n",
			"POST /publish?channel=/app/channel HTTP/1.1\r\nHost: o\r\nContent-Length: 1\r\n\r\n1",
			"DELETE /publish?channel=/app/channel HTTP/1.1\r\nHost: o\r\n\r\n",
		} {
			if resp, _, _ := b.open(request).answer(); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%q: status %d, want 403", request, resp.StatusCode)
			}
		}
		if resp, _, _ := b.open("GET /t/short-poll?channel=app HTTP/1.1\r\nHost: o\r\n\r\n").answer(); resp.StatusCode != http.StatusOK {
			t.Errorf("a channel beside it: status %d", resp.StatusCode)
		}
	})
}

func TestMountWantsAPathOfItsOwn(t *testing.T) {
	s, err := New(Config{Extra: map[string]http.Handler{"/pages/": http.NotFoundHandler()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Mount("/app/", http.NotFoundHandler()); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"", "/", "app/", "/app", "/app/", "/pages/"} {
		if err := s.Mount(path, http.NotFoundHandler()); err == nil {
			t.Errorf("mounted at %q", path)
		}
	}
}

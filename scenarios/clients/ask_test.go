package clients

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// asked makes a request and returns its answer and what was told of it.
func asked(t *testing.T, r measure.Request, on func(measure.Event)) (measure.Answer, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	l := &timeline{t: t, on: on}
	a, err := new(Go).Ask(ctx, r, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	return a, l.told()
}

func TestAsk(t *testing.T) {
	for _, o := range origins {
		t.Run(o.name, func(t *testing.T) {
			target := o.start(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Method", r.Method)
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(http.StatusAccepted)
				say(w, r.Header.Get("Origin"))
				<-r.Context().Done() // leaves only when the client does
			})
			target.Method, target.Header = http.MethodOptions, http.Header{"Origin": {"https://page.example"}}
			var fields string
			a, got := asked(t, measure.Request{Target: target, HeadOnly: true}, func(e measure.Event) {
				if e.Kind == measure.Headers {
					fields = e.Fields
				}
				if secure := strings.HasPrefix(target.URL, "https:"); e.Kind == measure.Headers && secure != (len(e.Cert) == 64) {
					t.Errorf("certificate %q", e.Cert)
				}
			})
			want(t, got, "dial #1", "headers 202 HTTP/"+o.http+" text/plain")
			if a.Status != http.StatusAccepted || a.Header.Get("X-Method") != http.MethodOptions || !strings.Contains(fields, "Content-Type,") || !strings.Contains(fields, "X-Method") {
				t.Errorf("%+v, fields %s", a, fields)
			}
		})
	}
}

// Each piece of a body leaves when it comes, while the answer is under way.
func TestAskInPieces(t *testing.T) {
	for _, o := range origins {
		if o.http == "1.0" {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			arrived := make(chan string)
			target := o.start(t, func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).EnableFullDuplex()
				say(w, "at once;")
				buf := make([]byte, 100)
				for {
					n, err := r.Body.Read(buf)
					if n > 0 {
						arrived <- string(buf[:n])
					}
					if err != nil {
						say(w, err.Error())
						return
					}
				}
			})
			target.Method = http.MethodPost
			come := make(chan []byte)
			go func() {
				defer close(come)
				for i := range 3 {
					piece := fmt.Sprintf("piece %d", i)
					come <- []byte(piece)
					if got := <-arrived; got != piece { // before the next one is there
						t.Errorf("%q arrived, want %q", got, piece)
					}
				}
			}()
			a, got := asked(t, measure.Request{Target: target, Pieces: come}, nil)
			if string(a.Body) != "at once;EOF" || a.FirstUS == 0 || strings.Count(got, "write") != 3 || !strings.HasSuffix(got, "end clean") {
				t.Errorf("%q, told\n%s", a.Body, got)
			}
		})
	}
}

func TestAskTellsWhatWentWrong(t *testing.T) {
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		say(w, "begun")
		panic(http.ErrAbortHandler)
	})
	a, got := asked(t, measure.Request{Target: measure.Target{URL: cut}}, nil)
	want(t, got, "dial #1", "headers 200 HTTP/1.1 text/plain; charset=utf-8", "end fin")
	if string(a.Body) != "begun" {
		t.Errorf("%q", a.Body)
	}
	a, got = asked(t, measure.Request{Target: measure.Target{URL: "http://127.0.0.1:1/"}}, nil)
	if a.Status != 0 || !strings.HasPrefix(got, "error ") {
		t.Errorf("%+v, told %s", a, got)
	}
	for _, bad := range []measure.Request{
		{Target: measure.Target{URL: "http://127.0.0.1:1/", HTTP: "1.0"}, Pieces: make(chan []byte)},
		{Target: measure.Target{URL: "http://127.0.0.1:1/", HTTP: "3"}},
		{Target: measure.Target{URL: "http://127.0.0.1:1/", HTTP: "4"}},
		{Target: measure.Target{URL: "unix:/x"}},
	} {
		if _, err := new(Go).Ask(t.Context(), bad, func(measure.Event) {}); err == nil {
			t.Errorf("%+v was asked", bad.Target)
		}
	}
}

// Who is shown a certificate that it does not trust says which one it was.
func TestUntrustedCertificateIsTold(t *testing.T) {
	var trusted string
	target := secured(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[]") }, "1.1")
	sub := measure.Subscription{Technique: "short-poll", Target: target}
	receive(t, sub, func(e measure.Event) {
		if e.Kind == measure.Headers {
			trusted = e.Cert
		}
	})
	sub.Target.RootsPEM = nil
	shown := ""
	got := receive(t, sub, func(e measure.Event) {
		if e.Kind == measure.Failed {
			shown = e.Cert
		}
	})
	if trusted == "" || shown != trusted || !strings.Contains(got, "x509") {
		t.Errorf("trusted %q, refused %q; told %s", trusted, shown, got)
	}
}

func TestUplink(t *testing.T) {
	up := make(chan string, 2)
	s := at("websocket", socketOrigin(t, func(_ *http.Request, c *websocket.Conn) {
		for range 2 {
			_, text, err := c.Read(context.Background())
			if err != nil {
				t.Error(err)
			}
			up <- string(text)
		}
		tellSocket(t, c, hello, done)
		_ = c.Close(websocket.StatusGoingAway, "")
	})+"/?channel=c")
	s.Uplink = []string{"one", "two"}
	var sums []string
	got := receive(t, s, func(e measure.Event) {
		if e.Kind == measure.Write {
			sums = append(sums, e.Sum)
		}
	})
	want(t, got, "dial #1", upgraded, "write", "write", "prelude e1-0", "end clean recycle-bytes")
	if one, two := <-up, <-up; one != "one" || two != "two" || len(sums) != 2 || sums[0] != measure.SumBytes([]byte("one")) {
		t.Errorf("%q, %q arrived, sums %v", one, two, sums)
	}
	if err := NewGo().Supports(measure.Subscription{Technique: "eventsource", Uplink: []string{"x"}, Target: measure.Target{URL: "http://o/"}}); err == nil {
		t.Error("an event source sends frames up")
	}
}

package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// pipeline is an HTTP origin over net.Pipe, for tests in fake time.
type pipeline struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipeline) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipeline) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipeline) Addr() net.Addr { return &net.IPAddr{} }

func (p *pipeline) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// inFakeTime subscribes for d to an origin that counts its requests from 1.
// Each line of the timeline starts with the seconds since the start.
func inFakeTime(t *testing.T, s measure.Subscription, d time.Duration, h func(n int, w http.ResponseWriter, r *http.Request), check func(told string)) {
	inFakeTimeBy(t, receiver{clock: "go", userAgent: UserAgent}, s, d, h, check)
}

func inFakeTimeBy(t *testing.T, by receiver, s measure.Subscription, d time.Duration, h func(n int, w http.ResponseWriter, r *http.Request), check func(told string)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{conns: make(chan net.Conn), done: make(chan struct{})}
		n := 0
		srv := &httptest.Server{Listener: p, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			h(n, w, r)
		})}}
		srv.Start()
		started := time.Now()
		var told []string
		s.Target.URL = "http://origin/?channel=c&callback=cb"
		sub, err := newSubscriber(s, func(e measure.Event) {
			told = append(told, time.UnixMicro(e.T).Sub(started).String()+" "+tell(e))
		}, by)
		if err != nil {
			t.Fatal(err)
		}
		sub.dial.tcp = p.dial
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		sub.run(ctx)
		sub.close()
		srv.Close()
		check(strings.Join(told, "\n"))
	})
}

func TestStreamsComeBack(t *testing.T) {
	for _, c := range []struct{ technique, end, afterHeader, afterQuery string }{
		{"xhr-streaming", done + "\n", "", "e1-1"},
		{"eventsource", "event: control\ndata: " + done + "\n\n", "e1-1", ""},
	} {
		s := measure.Subscription{Technique: c.technique, Resume: true}
		var asked []string
		inFakeTime(t, s, time.Minute, func(n int, w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Header.Get("Last-Event-Id")+"|"+r.URL.Query().Get("after"))
			if n == 3 {
				w.WriteHeader(http.StatusGone)
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			if c.technique == "eventsource" {
				say(w, event(msg1, "e1-1"))
			} else {
				say(w, msg1+"\n")
			}
			if n == 1 {
				say(w, c.end)
			}
		}, func(told string) {
			lines := []string{
				"0s dial #1", "0s headers 200 HTTP/1.1 text/event-stream", "0s message e1-1", "0s end clean recycle-bytes",
				"250ms reconnect e1-1 end notice: recycle-bytes", // the notice's own retry_ms
				"250ms headers 200 HTTP/1.1 text/event-stream", "250ms message e1-1", "250ms end clean",
				"1.25s reconnect e1-1 clean", // the default
				"1.25s headers 410 HTTP/1.1", "1.25s end status terminated"}
			if c.technique == "eventsource" {
				lines[9], lines[10] = "1.25s headers 410 HTTP/1.1", "1.25s end status terminated"
			}
			want(t, told, lines...)
		})
		again := c.afterHeader + "|" + c.afterQuery
		want(t, strings.Join(asked, "\n"), "|", again, again)
	}
}

// The retry field of an event stream outlives its stream.
func TestRetryField(t *testing.T) {
	s := measure.Subscription{Technique: "eventsource", Resume: true, Retry: 10 * time.Second}
	inFakeTime(t, s, time.Minute, func(n int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		switch n {
		case 2:
			say(w, "retry: 3000\n\n")
		case 4:
			w.WriteHeader(http.StatusNoContent)
		}
	}, func(told string) {
		want(t, told, "0s dial #1", "0s headers 200 HTTP/1.1 text/event-stream", "0s end clean", "10s reconnect clean",
			"10s headers 200 HTTP/1.1 text/event-stream", "10s end clean", "13s reconnect clean",
			"13s headers 200 HTTP/1.1 text/event-stream", "13s end clean", "16s reconnect clean",
			"16s headers 204 HTTP/1.1 text/event-stream", "16s end status terminated")
	})
}

func TestTerminatedStaysAway(t *testing.T) {
	s := measure.Subscription{Technique: "fetch-streaming", Resume: true}
	inFakeTime(t, s, time.Hour, func(_ int, w http.ResponseWriter, _ *http.Request) {
		say(w, `{"control":"end","reason":"terminated","retry_ms":0}`+"\n")
	}, func(told string) {
		want(t, told, "0s dial #1", "0s headers 200 HTTP/1.1 text/plain; charset=utf-8", "0s end clean terminated")
	})
}

// Whoever announces an end and does not close is left after a grace.
func TestEndNoticeWithoutClose(t *testing.T) {
	s := measure.Subscription{Technique: "xhr-streaming"}
	inFakeTime(t, s, time.Hour, func(_ int, w http.ResponseWriter, r *http.Request) {
		say(w, done+"\n")
		<-r.Context().Done()
	}, func(told string) {
		want(t, told, "0s dial #1", "0s headers 200 HTTP/1.1 text/plain; charset=utf-8", "2s end clean recycle-bytes")
	})
}

// A failing path is tried at a bounded rate, whatever the subscription says.
func TestRetriesAreBounded(t *testing.T) {
	for _, technique := range []string{"xhr-streaming", "short-poll"} {
		requests := 0
		s := measure.Subscription{Technique: technique, Resume: true, Retry: time.Nanosecond}
		inFakeTime(t, s, 990*time.Millisecond, func(n int, w http.ResponseWriter, _ *http.Request) {
			requests = n
			w.WriteHeader(http.StatusBadGateway)
		}, func(told string) {
			if requests != 20 || strings.Count(told, "reconnect") != 19 || strings.Count(told, "headers 502") != 20 {
				t.Errorf("%s: %d requests in a second\n%s", technique, requests, told)
			}
		})
	}
}

func TestPollsAskAgain(t *testing.T) {
	const e502 = "error status 502 Bad Gateway: "
	for _, c := range []struct {
		technique, open, close string
		pause                  time.Duration
	}{
		{"short-poll", "[", "]", 300 * time.Millisecond},
		{"piggyback", `{"reply":0,"messages":[`, "]}", 300 * time.Millisecond},
		{"long-poll", "[", "]", 0},
		{"callback-poll", "/**/cb([", "]);", 0},
	} {
		t.Run(c.technique, func(t *testing.T) {
			answers := []string{"", msg1, "", msg1 + "," + msg2, lost, msg1}
			var asked []string
			s := measure.Subscription{Technique: c.technique, Resume: true, After: "e1-0", PollInterval: 300 * time.Millisecond, Retry: 700 * time.Millisecond}
			inFakeTime(t, s, time.Minute, func(n int, w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Query().Get("after"))
				switch {
				case n == 3:
					w.WriteHeader(http.StatusBadGateway)
				case n <= len(answers):
					_, _ = io.WriteString(w, c.open+answers[n-1]+c.close)
				default:
					w.WriteHeader(http.StatusGone)
				}
			}, func(told string) {
				var now time.Duration
				var lines []string
				add := func(what ...string) {
					for _, w := range what {
						lines = append(lines, now.String()+" "+w)
					}
				}
				const head = "headers 200 HTTP/1.1 text/plain; charset=utf-8"
				add("dial #1", head, "end clean") // and never another dial
				now += c.pause
				add(head, "message e1-1", "end clean")
				now += c.pause
				add("headers 502 HTTP/1.1", strings.TrimSuffix(e502, ": "), "end status")
				now += s.Retry
				add("reconnect e1-1 status 502", head, "message e1-1", "message e1-2", "end clean")
				now += c.pause
				add(head, "gap e2-1 missed=unknown", "end clean")
				now += c.pause
				add(head, "message e1-1", "end clean")
				now += c.pause
				add("headers 410 HTTP/1.1", "end status terminated")
				want(t, told, lines...)
			})
			// Behind a gap with no message nothing is known: ask for all there is.
			want(t, strings.Join(asked, "\n"), "e1-0", "e1-0", "e1-1", "e1-1", "e1-2", "", "e1-1")
		})
	}
}

// A dropped connection brings an EventSource back, and a dial that fails does
// not discourage it either.
func TestEventSourceReconnects(t *testing.T) {
	s := measure.Subscription{Technique: "eventsource", Resume: true}
	inFakeTime(t, s, time.Minute, func(n int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		switch n {
		case 1:
			say(w, event(msg1, "e1-1"))
			panic(http.ErrAbortHandler)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		}
	}, func(told string) {
		want(t, told, "0s dial #1", "0s headers 200 HTTP/1.1 text/event-stream", "0s message e1-1", "0s end fin",
			"1s reconnect e1-1 fin", "1s dial #2", "1s headers 502 HTTP/1.1 text/event-stream #2", "1s error status 502 Bad Gateway #2", "1s end status #2")
	})
}

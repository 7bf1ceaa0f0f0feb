package sockjs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestHeartbeat: silence is broken every 25 s; a poll is answered with it.
func TestHeartbeat(t *testing.T) {
	inBubble(t, Config{}, Terms{Serve: Echo}, func(b *bench) {
		stream := b.ask("POST", "/0/a/xhr_streaming", "")
		b.ask("POST", "/0/b/xhr", "").has("o\n", true)
		poll := b.ask("POST", "/0/b/xhr", "")
		time.Sleep(24 * time.Second)
		stream.has("\no\n", false)
		time.Sleep(time.Second)
		stream.has("o\nh\n", false)
		poll.has("h\n", true)
		time.Sleep(20 * time.Second)
		b.ask("POST", "/0/a/xhr_send", `["m"]`)
		time.Sleep(20 * time.Second) // counted from what was said last
		stream.has("o\nh\na[\"m\"]\n", false)
		time.Sleep(5 * time.Second)
		stream.has("a[\"m\"]\nh\n", false)
	})
}

// TestTimeout: a session without receiver is over after 5 s, and forgotten; what
// was sent to it meanwhile waits.
func TestTimeout(t *testing.T) {
	inBubble(t, Config{}, Terms{Serve: Echo}, func(b *bench) {
		b.ask("POST", "/0/s/xhr", "").has("o\n", true)
		time.Sleep(4 * time.Second)
		b.ask("POST", "/0/s/xhr_send", `["m"]`)
		b.ask("POST", "/0/s/xhr", "").has("a[\"m\"]\n", true)
		time.Sleep(4 * time.Second) // from the last receiver on
		if n := b.Sessions(); n != 1 {
			t.Errorf("%d sessions", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := b.Sessions(); n != 0 {
			t.Errorf("%d sessions after the timeout", n)
		}
		if status, _, _ := b.ask("POST", "/0/s/xhr_send", `["m"]`).answer(); status != http.StatusNotFound {
			t.Errorf("status %d of a session that is over", status)
		}
		b.ask("POST", "/0/s/xhr", "").has("o\n", true)
	})
}

// TestClosedIsRemembered: who asks again gets the close frame again, for 5 s
// from the close, and asking does not make it longer.
func TestClosedIsRemembered(t *testing.T) {
	inBubble(t, Config{}, Terms{Serve: GoAway}, func(b *bench) {
		const goodbye = "c[3000,\"Go away!\"]\n"
		b.ask("POST", "/0/s/xhr", "").has("o\n", true)
		for range 4 {
			b.ask("POST", "/0/s/xhr", "").has(goodbye, true)
			time.Sleep(1250 * time.Millisecond)
			synctest.Wait()
		}
		b.ask("POST", "/0/s/xhr", "").has("o\n", true)
	})
}

// TestInterrupted: a receiver that its peer cut takes the session along.
func TestInterrupted(t *testing.T) {
	for _, transport := range []string{"xhr", "xhr_streaming"} {
		t.Run(transport, func(t *testing.T) {
			ended := make(chan error, 1)
			inBubble(t, Config{}, Terms{Serve: func(ctx context.Context, s *Session) {
				_, err := s.Receive(ctx)
				ended <- err
			}}, func(b *bench) {
				b.ask("POST", "/0/s/xhr", "").has("o\n", true)
				first := b.ask("POST", "/0/s/"+transport, "")
				b.ask("POST", "/0/s/xhr", "").has("c[2010,\"Another connection still open\"]\n", true)
				first.leave()
				b.ask("POST", "/0/s/xhr", "").has("c[1002,\"Connection interrupted\"]\n", true)
				if err := <-ended; !errors.Is(err, ErrClosed) && !errors.Is(err, context.Canceled) {
					t.Errorf("the service saw %v", err)
				}
			})
		})
	}
}

// TestResponseEnds: by bytes or by age a stream ends and the session goes on;
// what comes meanwhile waits.
func TestResponseEnds(t *testing.T) {
	for name, terms := range map[string]Terms{
		"bytes": {Serve: Echo, ResponseLimit: 8},
		"age":   {Serve: Echo, ResponseLimit: -1, ResponseAge: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, terms, func(b *bench) {
				stream := b.ask("POST", "/0/s/xhr_streaming", "")
				stream.has("\no\n", false)
				b.ask("POST", "/0/s/xhr_send", `["one"]`)
				time.Sleep(time.Second)
				stream.has("o\na[\"one\"]\n", true)
				b.ask("POST", "/0/s/xhr_send", `["two"]`)
				b.ask("POST", "/0/s/xhr_send", `["three"]`)
				b.ask("POST", "/0/s/xhr", "").has("a[\"two\",\"three\"]\n", true)
			})
		})
	}
}

// TestBounds: neither direction holds more than it may.
func TestBounds(t *testing.T) {
	var session *Session
	block := func(ctx context.Context, s *Session) {
		session = s
		<-ctx.Done()
	}
	t.Run("to the client", func(t *testing.T) {
		inBubble(t, Config{}, Terms{Serve: block, QueueMessages: 3}, func(b *bench) {
			b.ask("POST", "/0/s/xhr", "")
			for i := range 5 {
				err := session.Send(Message{Text: "m"})
				if want := []error{nil, nil, nil, ErrSlow, ErrClosed}[i]; !errors.Is(err, want) {
					t.Errorf("message %d: %v, want %v", i, err, want)
				}
			}
			b.ask("POST", "/0/s/xhr", "").has("c[3000,\"Too slow\"]\n", true)
		})
	})
	t.Run("to a client that reads nothing", func(t *testing.T) {
		inBubble(t, Config{}, Terms{Serve: block, QueueBytes: 1 << 20}, func(b *bench) {
			b.deaf("POST", "/0/s/xhr_streaming", "")
			for i := 0; session.Send(Message{Text: strings.Repeat("x", 64<<10)}) == nil; i++ {
				if synctest.Wait(); i > 64 {
					t.Fatal("four megabytes wait for it")
				}
			}
			synctest.Wait()
			if err := session.Ready(b.t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("Ready: %v", err)
			}
		})
	})
	t.Run("to the service", func(t *testing.T) {
		inBubble(t, Config{MaxBody: 4096}, Terms{Serve: block, QueueMessages: 3}, func(b *bench) {
			b.ask("POST", "/0/s/xhr", "")
			for body, want := range map[string]int{`["` + strings.Repeat("x", 4096) + `"]`: http.StatusRequestEntityTooLarge, `["a","b","c"]`: http.StatusNoContent} {
				if status, _, _ := b.ask("POST", "/0/s/xhr_send", body).answer(); status != want {
					t.Errorf("status %d, want %d", status, want)
				}
			}
			if status, _, _ := b.ask("POST", "/0/s/xhr_send", `["d"]`).answer(); status != http.StatusServiceUnavailable {
				t.Errorf("status %d of a message too many", status)
			}
		})
	})
	t.Run("sessions", func(t *testing.T) {
		inBubble(t, Config{MaxSessions: 2}, Terms{Serve: Echo}, func(b *bench) {
			for i := range 3 {
				status, _, _ := b.ask("POST", fmt.Sprintf("/0/s%d/xhr", i), "").answer()
				if want := []int{200, 200, 503}[i]; status != want {
					t.Errorf("session %d: status %d, want %d", i, status, want)
				}
			}
		})
	})
}

// TestReady: who waits for room is woken when there is some.
func TestReady(t *testing.T) {
	sent := 0
	inBubble(t, Config{}, Terms{QueueMessages: 2, Serve: func(ctx context.Context, s *Session) {
		for s.Ready(ctx) == nil && sent < 6 {
			if s.Send(Message{Text: fmt.Sprint(sent)}) == nil {
				sent++
			}
		}
		<-ctx.Done()
	}}, func(b *bench) {
		b.ask("POST", "/0/s/xhr", "")
		for _, want := range []string{`a["0","1"]`, `a["2","3"]`, `a["4","5"]`} {
			b.ask("POST", "/0/s/xhr", "").has(want+"\n", true)
		}
	})
}

// TestReceipt: what a receiver is told, to the message.
func TestReceipt(t *testing.T) {
	var mu sync.Mutex // the bubble's requests take turns, which the race detector does not know
	var told []string
	var session *Session
	inBubble(t, Config{Watch: func(_ http.ResponseWriter, _ *http.Request, transport string) Receipt {
		return &notes{transport, func(what string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, what)
		}}
	}}, Terms{Heartbeat: time.Second, Serve: func(ctx context.Context, s *Session) {
		session = s
		<-ctx.Done()
	}}, func(b *bench) {
		stream := b.ask("POST", "/0/s/xhr_streaming", "")
		if err := session.Send(Message{Text: "one", ID: "1"}, Message{Text: "three", ID: "3"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.ask("POST", "/0/s/xhr", "")
		time.Sleep(time.Second)
		synctest.Wait()
		stream.leave()
	})
	want := []string{
		"xhr_streaming accepted 200", "xhr_streaming sent 1 in 7", "xhr_streaming sent 3 in 10",
		"xhr refused 200 Another connection still open", "xhr_streaming heartbeat 2", "xhr_streaming aborted context canceled",
	}
	if !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}

type notes struct {
	transport string
	tell      func(string)
}

func (n *notes) add(format string, args ...any) {
	n.tell(n.transport + " " + fmt.Sprintf(format, args...))
}

func (n *notes) Accepted(status int)            { n.add("accepted %d", status) }
func (n *notes) Refused(status int, why string) { n.add("refused %d %s", status, why) }
func (n *notes) Sent(m Message, bytes int)      { n.add("sent %s in %d", m.ID, bytes) }
func (n *notes) Heartbeat(bytes int)            { n.add("heartbeat %d", bytes) }
func (n *notes) Ended(reason string)            { n.add("ended %s", reason) }
func (n *notes) Aborted(how string)             { n.add("aborted %s", how) }

// TestBegin: a session that cannot begin is none, and its service never runs.
func TestBegin(t *testing.T) {
	begun := 0
	inBubble(t, Config{}, Terms{
		Begin: func() error {
			if begun++; begun == 1 {
				return &Refusal{http.StatusGone, errors.New("not yet")}
			}
			return nil
		},
		Serve: Echo,
	}, func(b *bench) {
		if status, body, _ := b.ask("POST", "/0/s/xhr", "").answer(); status != http.StatusGone || body != "not yet\n" {
			t.Errorf("status %d %q", status, body)
		}
		b.ask("POST", "/0/s/xhr", "").has("o\n", true)
		b.ask("POST", "/0/s/xhr_send", `["m"]`)
		b.ask("POST", "/0/s/xhr", "").has("a[\"m\"]\n", true)
		if begun != 2 {
			t.Errorf("begun %d times", begun)
		}
	})
}

// TestShutdown: sessions are closed, and no others opened.
func TestShutdown(t *testing.T) {
	inBubble(t, Config{}, Terms{Serve: Echo}, func(b *bench) {
		stream := b.ask("POST", "/0/s/xhr_streaming", "")
		if err := b.Shutdown(b.t.Context()); err != nil {
			t.Fatal(err)
		}
		stream.has("o\nc[3000,\"Go away!\"]\n", true)
		if status, _, _ := b.ask("POST", "/0/new/xhr", "").answer(); status != http.StatusServiceUnavailable {
			t.Errorf("status %d of a new session", status)
		}
	})
}

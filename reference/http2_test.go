package reference

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// overTCP runs a server on loopback.
func overTCP(t *testing.T, c Config) (*Server, string) {
	t.Helper()
	c.Record = true
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s, ln.Addr().String()
}

// awaitRecord waits for an event of a kind on a channel.
func awaitRecord(t *testing.T, s *Server, channel, kind string) recordEvent {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		events, _, news := s.record.since(channel, 0)
		if i := slices.IndexFunc(events, func(e recordEvent) bool { return e.Kind == kind }); i >= 0 {
			return events[i]
		}
		select {
		case <-news:
		case <-deadline:
			t.Fatalf("no %s on %s: %+v", kind, channel, events)
		}
	}
}

func TestHTTP2(t *testing.T) {
	s, addr := overTCP(t, Config{})
	var only http.Protocols
	only.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: &only}}
	defer client.CloseIdleConnections()

	ask := func(ctx context.Context, method, target, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}

	stream := ask(t.Context(), "POST", "/t/fetch-streaming?channel=a&limit=1", "a body")
	body := bufio.NewReader(stream.Body)
	if line, err := body.ReadString('\n'); err != nil || !strings.Contains(line, `"hello"`) {
		t.Fatalf("first line %q, %v", line, err)
	}
	if published := ask(t.Context(), "POST", "/publish?channel=a", "x"); published.StatusCode != 200 {
		t.Fatal(published.Status)
	} else {
		published.Body.Close()
	}
	rest, err := io.ReadAll(body)
	stream.Body.Close()
	if err != nil || !strings.Contains(string(rest), `"sent_us"`) || !strings.HasSuffix(string(rest), `"limit","retry_ms":1000}`+"\n") {
		t.Errorf("rest %q, %v", rest, err)
	}
	if e := awaitRecord(t, s, "a", kindEnd); e.Note != ReasonLimit {
		t.Errorf("ended with %q", e.Note)
	}
	if e := awaitRecord(t, s, "a", kindHeaders); e.HTTP != "2" || e.Method != "POST" || e.Conn != 1 {
		t.Errorf("recorded %+v", e)
	}

	// A stream that is reset while silent.
	ctx, cancel := context.WithCancel(t.Context())
	resp := ask(ctx, "GET", "/t/eventsource?channel=b", "")
	cancel()
	awaitRecord(t, s, "b", kindAbortNoticed)
	resp.Body.Close()

	// A stream that nobody reads.
	resp = ask(t.Context(), "GET", "/t/eventsource?channel=c&recycle_bytes=0", "")
	for n := 0; s.hub.Subscribers("c") > 0; n++ {
		if n > 4000 {
			t.Fatal("32 MB unread, and still served")
		}
		if _, err := s.hub.Publish("c", "text/plain", make([]byte, 8<<10), 0); err != nil {
			t.Fatal(err)
		}
	}
	if e := awaitRecord(t, s, "c", kindEnd); e.Note != ReasonSlow {
		t.Errorf("ended with %q", e.Note)
	}
	resp.Body.Close()

	// The connection survived all of it.
	resp = ask(t.Context(), "GET", "/t/short-poll?channel=a", "")
	polled, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(polled), "sent_us") {
		t.Errorf("poll %q, %v", polled, err)
	}
	if e := awaitRecord(t, s, "c", kindHeaders); e.Conn != 1 {
		t.Errorf("served on connection %d", e.Conn)
	}
}

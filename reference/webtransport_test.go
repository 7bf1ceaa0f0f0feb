package reference

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/webtransport-go"
)

// fixed is a clock that stands still.
func fixed() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// TestTransportWire compares the bytes of the stream and how the session
// closes.
func TestTransportWire(t *testing.T) {
	o := everywhere(t, Config{Epoch: "e7k2", Window: 3, Now: fixed})
	for _, text := range []string{"left the window", "too", "</script>", "two\nlines \u2028 é"} {
		if _, err := o.hub.Publish("news", "text/plain", []byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	session, stream := o.transport("channel=news&after=e7k2-0&limit=3&retry=1500ms&prelude=16&padding=120")
	got, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	session.CloseWithError(0, "")
	checkGolden(t, "webtransport", visible("CONNECT /t/webtransport?channel=news&after=e7k2-0&limit=3&retry=1500ms&prelude=16&padding=120\n--\n"+string(got)))
}

func TestTransport(t *testing.T) {
	o := everywhere(t, Config{})
	session, stream := o.transport("channel=c&heartbeat=1ms")
	body := bufio.NewReader(stream)
	readUntil(t, body, `"hello"`)
	readUntil(t, body, `"heartbeat"`)
	o.publish("c")
	readUntil(t, body, "sent_us")
	if e := awaitRecord(t, o.Server, "c", kindHeaders); e.HTTP != "3" || e.Method != "CONNECT" || e.Conn == 0 || e.Status != 200 {
		t.Errorf("recorded %+v", e)
	}
	session.CloseWithError(0, "bye")
	awaitRecord(t, o.Server, "c", kindAbortNoticed)
	if n := o.hub.Subscribers("c"); n > 0 {
		awaitNone(t, o.Server, "c")
	}
}

// awaitNone waits until a channel has no subscribers.
func awaitNone(t *testing.T, s *Server, channel string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.hub.Subscribers(channel) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d subscribers are left", s.hub.Subscribers(channel))
		}
	}
}

// TestTransportCloses: the server closes the session of a client that does not,
// and says why.
func TestTransportCloses(t *testing.T) {
	for reason, code := range map[string]webtransport.SessionErrorCode{ReasonTerminated: 1000, ReasonRecycleBytes: 1001} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel() // each waits for the server's patience to end
			o := everywhere(t, Config{})
			query := "channel=c"
			if reason == ReasonRecycleBytes {
				query += "&recycle_bytes=1"
			}
			session, stream := o.transport(query)
			body := bufio.NewReader(stream)
			readUntil(t, body, `"hello"`)
			if reason == ReasonTerminated {
				o.hub.Terminate("c")
			}
			rest, err := io.ReadAll(body)
			if err != nil || !strings.Contains(string(rest), `"reason":"`+reason+`"`) {
				t.Errorf("%q, %v", rest, err)
			}
			_, err = session.AcceptUniStream(t.Context()) // ends with the session
			var closed *webtransport.SessionError
			if !errors.As(err, &closed) || !closed.Remote || closed.ErrorCode != code || closed.Message != reason {
				t.Errorf("closed with %v", err)
			}
		})
	}
}

func TestTransportSlow(t *testing.T) {
	o := everywhere(t, Config{})
	session, _ := o.transport("channel=c&recycle_bytes=0")
	defer session.CloseWithError(0, "")
	for n := 0; o.hub.Subscribers("c") > 0; n++ {
		if n > 8000 {
			t.Fatal("64 MB unread, and still served")
		}
		if _, err := o.hub.Publish("c", "text/plain", make([]byte, 8<<10), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // the writer must get to run, to be stuck
	}
	if e := awaitRecord(t, o.Server, "c", kindEnd); e.Note != ReasonSlow {
		t.Errorf("ended with %q", e.Note)
	}
}

// TestTransportRefuses: refusals are answers, as for every other technique.
func TestTransportRefuses(t *testing.T) {
	o := everywhere(t, Config{})
	o.hub.Terminate("over")
	d := &webtransport.Transport{TLSClientConfig: trusting()}
	for query, status := range map[string]int{"": 400, "channel=c&padding=x": 400, "channel=over": 410} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		resp, session, err := d.Dial(ctx, "https://"+o.encrypted+"/t/webtransport?"+query, http.Header{})
		cancel()
		if err == nil {
			session.CloseWithError(0, "")
		}
		if resp == nil || resp.StatusCode != status {
			t.Errorf("%q: %v, %v", query, resp, err)
		}
	}
	d.Close()
}

// TestShutdownOverVersions: streams over each version and a session end with a
// notice, within the grace period, and their clients' connections are closed.
func TestShutdownOverVersions(t *testing.T) {
	o := everywhere(t, Config{})
	bodies := make(map[string]*bufio.Reader)
	for way := range o.speaks() {
		resp := o.request(t.Context(), way, "GET", "/t/eventsource?channel=c")
		bodies[way] = bufio.NewReader(resp.Body)
	}
	session, stream := o.transport("channel=c")
	bodies["webtransport"] = bufio.NewReader(stream)
	for _, body := range bodies {
		readUntil(t, body, `"hello"`)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for way, body := range bodies {
			if rest, err := io.ReadAll(body); err != nil || !strings.Contains(string(rest), `"reason":"shutdown"`) {
				t.Errorf("%s: %q, %v", way, rest, err)
			}
		}
		session.CloseWithError(0, "")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := o.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-ended
}

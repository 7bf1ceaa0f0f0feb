package browsers

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// script drives a feed with a clock of its own and keeps what came out.
type script struct {
	*feed
	now  time.Time
	told []string
}

func newScript(t *testing.T, polls bool) *script {
	t.Helper()
	target, err := url.Parse("http://origin.example:80/t/x?channel=c")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{now: time.Unix(1000, 0)}
	s.feed = newFeed(target, polls, 7, func(e measure.Event) {
		text := fmt.Sprint(e.Kind)
		for _, part := range []string{e.ID, e.Note, string(e.EndKind)} {
			if part != "" {
				text += " " + part
			}
		}
		if e.Status != 0 {
			text += fmt.Sprint(" ", e.Status)
		}
		if e.Conn != 0 {
			text += fmt.Sprint(" #", e.Conn)
		}
		s.told = append(s.told, text)
	})
	return s
}

func (s *script) say(format string, args ...any) {
	s.report(fmt.Sprintf(format, args...), s.now)
}

func (s *script) request(id, address string) {
	s.network(asked{id: id, url: address}, s.now)
}

func (s *script) response(id string, status, connection int) {
	s.network(answered{id: id, at: 1006e6, status: status, conn: strconv.Itoa(connection), http: "1.1"}, s.now)
}

// finished ends a request in Chromium's words.
func (s *script) finished(id, errorText string) {
	s.network(ended{id: id, text: errorText, kind: chromiumEnd(errorText)}, s.now)
}

func (s *script) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.told, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(s.told, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.told = nil
}

const subscribed = "http://origin.example/t/x?channel=c&nonce=abc-1"

func TestReportsWaitForTheNetwork(t *testing.T) {
	s := newScript(t, false)
	s.request("page", "http://origin.example/pages/x.html")
	s.request("r", subscribed)
	s.say(`{"kind":"prelude","id":"e-0","x":1}`)
	s.say(`{"kind":"message","id":"e-1","x":1}`)
	s.want(t)
	s.response("page", 200, 4)
	s.want(t)
	s.response("r", 200, 9)
	s.want(t, "dial #1", "headers 200 #1", "prelude e-0 #1", "message e-1 #1")
	s.say(`{"kind":"end","last":true,"end_kind":"clean","x":1}`)
	s.say(`{"kind":"reconnect","note":"clean","x":1}`)
	s.want(t)
	s.finished("r", "net::ERR_CONNECTION_RESET")
	s.want(t, "end rst #1", "reconnect clean")
}

func TestReportsDoNotWaitForEver(t *testing.T) {
	s := newScript(t, false)
	s.say(`{"kind":"headers","status":200,"x":1}`)
	s.say(`{"kind":"message","id":"e-1","x":1}`)
	due := s.due()
	if want := s.now.Add(networkWithin); !due.Equal(want) {
		t.Errorf("due at %v, want %v", due, want)
	}
	s.drain(due.Add(-time.Microsecond))
	s.want(t)
	s.drain(due)
	s.want(t, "headers 200")
	s.drain(s.due())
	s.want(t, "message e-1")
	if !s.due().IsZero() {
		t.Errorf("due at %v with nothing to wait for", s.due())
	}
}

func TestHeadsOvertakeNothingOfEarlierExchanges(t *testing.T) {
	s := newScript(t, true)
	s.request("a", subscribed)
	s.response("a", 200, 1)
	s.say(`{"kind":"end","last":true,"end_kind":"clean","x":1}`)
	s.request("b", "http://origin.example/t/x?nonce=cell-9-1.abc-2")
	s.response("b", 200, 1)
	s.say(`{"kind":"message","id":"e-2","x":2}`)
	s.want(t, "dial #1", "headers 200 #1")
	s.finished("a", "")
	s.want(t, "end clean #1", "headers 200 #1", "message e-2 #1")
}

// An EventSource comes back by itself, with the nonce of its first request.
func TestRepeatedNonceCountsOn(t *testing.T) {
	s := newScript(t, false)
	for n := 1; n <= 3; n++ {
		r := fmt.Sprint(n)
		s.request(r, subscribed)
		s.response(r, 200, n)
		s.say(`{"kind":"message","id":"e-%d","x":%d}`, n, n)
		s.finished(r, "net::ERR_INCOMPLETE_CHUNKED_ENCODING")
		s.say(`{"kind":"end","last":true,"x":%d}`, n)
		s.want(t, fmt.Sprint("dial #", n), fmt.Sprint("headers 200 #", n), fmt.Sprintf("message e-%d #%d", n, n), fmt.Sprint("end fin #", n))
	}
}

func TestEndsInTheWordsOfTheGoClients(t *testing.T) {
	for _, c := range []struct {
		name, says, errorText string
		status                int
		polls                 bool
		want                  []string
	}{
		{"clean", `{"kind":"end","end_kind":"clean"`, "", 200, false, []string{"end clean #1"}},
		{"notice beats reset", `{"kind":"end","note":"shutdown","end_kind":"clean"`, "net::ERR_CONNECTION_RESET", 200, false, []string{"end shutdown clean #1"}},
		{"stream cut before a message", `{"kind":"error","note":"broke"`, "net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200, false, []string{"end fin #1"}},
		{"poll cut", `{"kind":"error","note":"broke"`, "net::ERR_CONTENT_LENGTH_MISMATCH", 200, true, []string{"error broke #1", "end fin #1"}},
		{"unusable", `{"kind":"error","note":"no call"`, "", 200, true, []string{"error no call #1", "end clean #1"}},
		{"refused", `{"kind":"end"`, "", 502, false, []string{"error status 502 502 #1", "end status 502 #1"}},
		{"gone", `{"kind":"error","note":"EventSource gave up"`, "", 204, false, []string{"end terminated status 204 #1"}},
		{"h2 reset", `{"kind":"end"`, "net::ERR_HTTP2_PROTOCOL_ERROR", 200, false, []string{"end rst #1"}},
		{"we left", `{"kind":"end"`, "net::ERR_ABORTED", 200, false, []string{"end #1"}},
		{"no connection", `{"kind":"error","note":"x"`, "net::ERR_CONNECTION_REFUSED", 0, false, []string{"error net::ERR_CONNECTION_REFUSED"}},
		{"no answer", `{"kind":"error","note":"x"`, "net::ERR_EMPTY_RESPONSE", 0, false, []string{"error net::ERR_EMPTY_RESPONSE", "end fin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t, c.polls)
			s.request("r", subscribed)
			if c.status != 0 {
				s.response("r", c.status, 1)
			}
			s.told = nil
			s.finished("r", c.errorText)
			s.say("%s", c.says+`,"last":true,"x":1}`)
			s.want(t, c.want...)
			if gone := c.status == 204; s.over != gone {
				t.Errorf("over is %v", s.over)
			}
		})
	}
}

func TestSocketEnds(t *testing.T) {
	address := "ws://origin.example/t/x?channel=c&nonce=abc-1"
	open := func(t *testing.T) (*script, *devtools) {
		s := newScript(t, false)
		d := newDevtools(func(ev any) { s.network(ev, s.now) })
		d.take(&network.EventWebSocketCreated{RequestID: "w", URL: address})
		d.take(&network.EventWebSocketWillSendHandshakeRequest{RequestID: "w", Timestamp: 5, WallTime: 1005})
		return s, d
	}
	t.Run("broken", func(t *testing.T) {
		s, d := open(t)
		d.take(&network.EventWebSocketHandshakeResponseReceived{RequestID: "w", Timestamp: 6, Response: &network.WebSocketResponse{Status: 101}})
		d.take(&network.EventWebSocketClosed{RequestID: "w"})
		s.say(`{"kind":"end","last":true,"x":1}`)
		s.want(t, "dial #1", "headers 101 #1", "end #1")
	})
	t.Run("refused", func(t *testing.T) {
		s, d := open(t)
		d.take(&network.EventWebSocketFrameError{RequestID: "w", Timestamp: 6, ErrorMessage: "Error during WebSocket handshake: Unexpected response code: 503"})
		d.take(&network.EventWebSocketClosed{RequestID: "w"})
		s.say(`{"kind":"error","note":"the socket did not open","last":true,"x":1}`)
		s.want(t, "dial #1", "headers 503 #1", "error status 503 503 #1", "end status 503 #1")
	})
	t.Run("reset", func(t *testing.T) {
		s, d := open(t)
		const text = "Error during WebSocket handshake: net::ERR_CONNECTION_RESET"
		d.take(&network.EventWebSocketFrameError{RequestID: "w", Timestamp: 6, ErrorMessage: text})
		d.take(&network.EventWebSocketClosed{RequestID: "w"})
		s.say(`{"kind":"error","last":true,"x":1}`)
		s.want(t, "dial #1", "error "+text+" #1", "end rst #1")
	})
}

func TestPageIsToldOfEndsItCannotSee(t *testing.T) {
	s := newScript(t, false)
	s.request("r", subscribed)
	s.response("r", 200, 1)
	s.finished("r", "net::ERR_CONNECTION_RESET")
	if n := s.unnoticed(s.now); n != 0 {
		t.Errorf("told of %d at once", n)
	}
	later := s.due()
	if n := s.unnoticed(later); n != 1 {
		t.Errorf("told of %d, want 1", n)
	}
	if n := s.unnoticed(later.Add(time.Hour)); n != 0 || !s.due().IsZero() {
		t.Errorf("told again of %d, due %v", n, s.due())
	}
}

func TestTimesAreOnOurClock(t *testing.T) {
	s := newScript(t, false)
	var events []measure.Event
	s.sink = func(e measure.Event) { events = append(events, e) }
	d := newDevtools(func(ev any) { s.network(ev, s.now) })
	d.take(&network.EventRequestWillBeSent{RequestID: "r", Request: &network.Request{URL: subscribed}, Timestamp: 5, WallTime: 1005})
	d.take(&network.EventResponseReceived{RequestID: "r", Timestamp: cdp.MonotonicTime(9), Response: &network.Response{
		Status: 200, Timing: &network.ResourceTiming{RequestTime: 5, ConnectEnd: 250, ReceiveHeadersEnd: 500},
	}})
	s.say(`{"kind":"message","id":"e-1","t_us":1000,"x":1}`)
	for i, want := range []int64{1005_250_000, 1005_500_000, 1007} {
		if events[i].T != want {
			t.Errorf("%s at %d, want %d", events[i].Kind, events[i].T, want)
		}
	}
}

func TestBracketNarrows(t *testing.T) {
	b := bracket{step: 100}
	b.add(1000, 1500, 3000) // the offset lies between -600 and 1500
	if offset, bound := b.offset(); offset != 0 || bound != 1500 {
		t.Errorf("offset %d ± %d", offset, bound)
	}
	b.add(1000, 800, 1400) // between 100 and 600
	if offset, bound := b.offset(); offset != 100 || bound != 500 {
		t.Errorf("offset %d ± %d, want 100 ± 500", offset, bound)
	}
	b.add(1000, 0, 1001) // a clock was set
	if offset, _ := b.offset(); offset != 900 {
		t.Errorf("offset %d, want 900", offset)
	}
}

func FuzzReport(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"message","id":"e-1","t_us":5,"bytes":3,"x":1}`, `{"kind":"done","x":1}`, `{"kind":"write"}`,
		`{"kind":"end","last":true,"x":-1}`, `[]`, ``, `{"kind":5}`,
	} {
		f.Add(seed)
	}
	target, _ := url.Parse("http://origin.example/t/x")
	f.Fuzz(func(t *testing.T, payload string) {
		s := newFeed(target, false, 0, func(e measure.Event) {
			if !e.Kind.Known() {
				t.Errorf("%q became an event of kind %q", payload, e.Kind)
			}
		})
		now := time.Unix(1000, 0)
		s.report(payload, now)
		s.network(asked{id: "r", url: subscribed}, now)
		s.network(ended{id: "r", text: payload, kind: chromiumEnd(payload)}, now)
		s.flush()
		if len(s.waiting) > 0 && !s.over {
			t.Errorf("%q left something waiting", payload)
		}
	})
}

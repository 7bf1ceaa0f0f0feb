package browsers

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ending answers the first request with hello and message e-1, then an end
// notice with reason if there is one, then ends as how says: "" properly,
// "fin" or "rst" in the middle.
func ending(reason, how string) func(w http.ResponseWriter, r *http.Request, n int) bool {
	notice := fmt.Sprintf(`{"control":"end","reason":%q,"retry_ms":20}`, reason)
	message := `{"channel":"c","id":"e-1","data":1}`
	return func(w http.ResponseWriter, r *http.Request, n int) bool {
		technique := r.PathValue("technique")
		if n > 1 {
			return false
		}
		if technique == "websocket" {
			socketEnding(w, r, how, hello, message, notice)
			return true
		}
		f, streams := framings[technique]
		if !streams {
			return false // polls end each time
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return true
		}
		defer conn.Close()
		nosniff := ""
		if f.nosniff {
			nosniff = "X-Content-Type-Options: nosniff\r\n"
		}
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sTransfer-Encoding: chunked\r\n\r\n", f.contentType, nosniff)
		chunk := func(s string) { fmt.Fprintf(conn, "%x\r\n%s\r\n", len(s), s) }
		chunk(f.open + f.frame(hello))
		chunk(f.frame(message))
		if reason != "" {
			chunk(f.frame(notice))
		}
		switch how {
		case "":
			io.WriteString(conn, "0\r\n\r\n")
		case "rst":
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		return true
	}
}

func socketEnding(w http.ResponseWriter, r *http.Request, how, hello, message, notice string) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	for _, m := range []string{hello, message, notice} {
		if how != "" && m == notice {
			return
		}
		if c.Write(r.Context(), websocket.MessageText, []byte(m)) != nil {
			return
		}
	}
	_ = c.Close(websocket.StatusGoingAway, "")
}

// ends returns the events that end exchanges or come back.
func ends(events []measure.Event) []measure.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e measure.Event) bool {
		return e.Kind != measure.End && e.Kind != measure.Reconnect && e.Kind != measure.Failed
	})
}

func TestComesBackAfterAnEnd(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		streams := []string{
			"early-close", "eventsource", "fetch-streaming", "forever-iframe", "forever-iframe-text",
			"multipart", "websocket", "xhr-streaming",
		}
		for _, technique := range some(c, streams...) {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				o.instead = ending("recycle-bytes", "")
				events := receive(t, c, can(t, c, subscription(technique, o.url(technique))), id("e-2"))
				if got := ids(events)[:2]; !slices.Equal(got, []string{"e-1", "e-2"}) {
					t.Errorf("got messages %v", got)
				}
				got := ends(events)
				if len(got) != 2 || got[0].Kind != measure.End || got[1].Kind != measure.Reconnect {
					t.Fatalf("got %+v, want an end and a reconnect", got)
				}
				if got[0].Note != "recycle-bytes" || got[0].EndKind != measure.EndClean {
					t.Errorf("end: %+v", got[0])
				}
			})
		}
	})
}

func TestStaysAwayWhenTerminated(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		for _, technique := range some(c, "eventsource", "fetch-streaming", "forever-iframe", "websocket") {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				o.instead = ending("terminated", "")
				events := receive(t, c, can(t, c, subscription(technique, o.url(technique))), nil)
				if last := events[len(events)-1]; last.Kind != measure.End || last.Note != "terminated" {
					t.Errorf("last event: %+v", last)
				}
				if n := len(o.queries(technique)); n != 1 {
					t.Errorf("the origin saw %d requests, want 1", n)
				}
			})
		}
	})
}

func TestWireEnds(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		for _, how := range []string{"fin", "rst"} {
			for _, technique := range some(c, "eventsource", "fetch-streaming", "forever-iframe", "multipart", "websocket", "xhr-streaming") {
				t.Run(technique+"/"+how, func(t *testing.T) {
					t.Parallel()
					want := measure.EndKind(how)
					if technique == "websocket" || c.Name() == "webkit" {
						want = "" // the browser does not say
					}
					o := newOrigin(t)
					o.instead = ending("", how)
					events := receive(t, c, can(t, c, subscription(technique, o.url(technique))), id("e-2"))
					got := ends(events)
					if len(got) == 0 || got[0].Kind != measure.End || got[0].EndKind != want || got[0].Note != "" {
						t.Errorf("got %+v, want an end of kind %q", got, want)
					}
				})
			}
		}
	})
}

func TestAnswersThatAreNoSubscription(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		answers := map[int]bool{502: true, 204: false} // status: come back?
		if c.Name() == "chromium" {
			answers[410] = false // which pages take for the same as 204
		}
		for status, back := range answers {
			for _, technique := range some(c, "long-poll", "callback-poll", "eventsource", "forever-iframe", "websocket", "xhr-streaming") {
				t.Run(fmt.Sprint(technique, "/", status), func(t *testing.T) {
					t.Parallel()
					if c.Name() == "webkit" && technique != "long-poll" && technique != "xhr-streaming" {
						t.Skip("WebKit tells no status to elements, EventSource and WebSocket")
					}
					// EventSource gives up by its own rules.
					back := back && technique != "eventsource"
					o := newOrigin(t)
					o.instead = func(w http.ResponseWriter, r *http.Request, n int) bool {
						if n == 1 {
							w.Header().Set("Content-Type", "text/html")
							w.WriteHeader(status)
						}
						return n == 1
					}
					events := receive(t, c, can(t, c, subscription(technique, o.url(technique))), id("e-1"))
					i := slices.IndexFunc(events, func(e measure.Event) bool { return e.Kind == measure.Headers })
					if i < 0 || events[i].Status != status {
						t.Errorf("no headers with status %d in %+v", status, events)
					}
					i = slices.IndexFunc(events, func(e measure.Event) bool { return e.Kind == measure.End })
					if i < 0 || events[i].EndKind != measure.EndStatus || events[i].Status != status {
						t.Errorf("no end by status in %+v", events)
					}
					if gone := i >= 0 && events[i].Note == "terminated"; gone != (status != 502) {
						t.Errorf("end: %+v", events[i])
					}
					if received := len(ids(events)) > 0; received != back {
						t.Errorf("came back: %v, want %v", received, back)
					}
				})
			}
		}
	})
}

func TestForeignPageInsteadOfASubscription(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		for _, technique := range some(c, "forever-iframe", "callback-poll", "fetch-streaming", "long-poll", "multipart", "xhr-streaming") {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				o.instead = func(w http.ResponseWriter, r *http.Request, n int) bool {
					if n == 1 {
						w.Header().Set("Content-Type", "text/html")
						io.WriteString(w, "<!doctype html>\n<h1>Please log in</h1>\n")
					}
					return n == 1
				}
				events := receive(t, c, can(t, c, subscription(technique, o.url(technique))), id("e-1"))
				got := ends(events)
				if len(got) < 2 || got[0].Kind != measure.Failed || got[1].Kind == measure.Failed || c.Name() != "webkit" && got[1].Kind != measure.End {
					t.Errorf("got %+v, want one error and an end", got)
				}
			})
		}
	})
}

func TestNothingListens(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		gone := httptest.NewServer(nil)
		gone.Close()
		s := subscription("long-poll", gone.URL+"/t/long-poll?channel=c")
		s.Resume = false
		events := receive(t, c, s, nil)
		if len(events) != 1 || events[0].Kind != measure.Failed || events[0].Note == "" {
			t.Errorf("got %+v, want one error", events)
		}
	})
}

func TestPathWithoutThePage(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		o := newOrigin(t)
		var requests atomic.Int32
		path := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/favicon") {
				http.NotFound(w, r)
				return
			}
			switch requests.Add(1) {
			case 1:
				w.WriteHeader(http.StatusServiceUnavailable) // and nothing to show
			case 2:
				http.Error(w, "log in first", http.StatusForbidden)
			default:
				o.Server.Config.Handler.ServeHTTP(w, r)
			}
		}))
		defer path.Close()
		events := receive(t, c, subscription("long-poll", path.URL+"/t/long-poll?channel=c"), id("e-1"))
		want := []string{"headers 503", "error 0", "reconnect 0", "headers 403", "error 0", "reconnect 0"}
		if c.Name() == "webkit" { // which does not tell the status of a page
			want = slices.DeleteFunc(want, func(w string) bool { return strings.HasPrefix(w, "headers") })
		}
		var got []string
		for _, e := range events[:len(want)] {
			got = append(got, fmt.Sprint(e.Kind, " ", e.Status))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v", events)
		}
	})
}

// A page that hangs on the path is the path's doing, and is tried again.
func TestPathThatHoldsThePage(t *testing.T) {
	c := newChromium(t, Options{LoadWithin: time.Second})
	o := newOrigin(t)
	var requests atomic.Int32
	path := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		o.Server.Config.Handler.ServeHTTP(w, r)
	}))
	defer path.Close()
	events := receive(t, c, subscription("long-poll", path.URL+"/t/long-poll?channel=c"), id("e-1"))
	if events[0].Kind != measure.Failed || events[1].Kind != measure.Reconnect {
		t.Errorf("got %+v", events)
	}
	if v := c.Version(); v == "" {
		t.Error("the browser has no version")
	}
}

func TestClientLeavesWhileThePageLoads(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		ctx, leave := context.WithCancel(within(t))
		path := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			leave()
			<-r.Context().Done()
		}))
		defer path.Close()
		var events []measure.Event
		err := c.Subscribe(ctx, subscription("long-poll", path.URL+"/t/long-poll?channel=c"), func(e measure.Event) { events = append(events, e) })
		if err != nil || len(events) != 1 || events[0].Kind != measure.Failed {
			t.Errorf("got %v and %+v, want one error event", err, events)
		}
	})
}

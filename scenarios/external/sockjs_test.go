package external_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/external"
)

// hard are messages that something on the way might not stand.
var hard = []string{"plain", "", " leading and trailing ", "line\nfeed\r\n\ttab", "\x00\x01\x1f\x7f", `"quoted" \ back`, "</script><!-- ]]>",
	"100% %41 %zz %2B %C3%A9", "\u200c\u2028\u2029\u202f\u2060\ufeff\uffff", "Gr\u00fc\u00dfe, \u4e16\u754c \U0001f600", strings.Repeat("x", 5000)}

// sockJS runs the client of the SockJS project at a service.
func sockJS(t *testing.T, base *url.URL, service, transport string, options external.Options) *report {
	t.Helper()
	return run(t, installed(t), "sockjs-client", external.Run{URL: base.String() + "/sockjs/" + service, Transport: transport, Options: options})
}

// texts are the strings that were delivered, in order.
func texts(t *testing.T, all []external.Event) (out []string) {
	t.Helper()
	for _, e := range all {
		var text string
		if e.Event != "message" {
			continue
		}
		if err := json.Unmarshal(e.Data, &text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

// inside are the hub's messages as if they were no strings, for numbers.
func inside(t *testing.T, all []external.Event) []external.Event {
	t.Helper()
	out := slices.Clone(all)
	for i := range out {
		if out[i].Event == "message" {
			out[i].Data, out[i].Channel = json.RawMessage(texts(t, out[i:i+1])[0]), "hub"
		}
	}
	return out
}

func sockJSTransports() []string { return ofFamily("sockjs")[0].Transports }

// TestSockJSEchoes: the published client sends and gets back whatever a string
// may hold, in order, by each transport.
func TestSockJSEchoes(t *testing.T) {
	o := startOrigin(t)
	for _, transport := range sockJSTransports() {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			r := sockJS(t, o.url, "cookie_needed_echo", transport, external.Options{Send: hard})
			r.until("echoes", func(all []external.Event) bool { return len(texts(t, all)) >= len(hard) })
			if got := texts(t, r.all()); !slices.Equal(got, hard) {
				t.Errorf("got %.300q", got)
			}
			if at := slices.IndexFunc(r.all(), func(e external.Event) bool { return e.Event == "open" }); r.all()[at].Transport != transport {
				t.Errorf("opened by %s", r.all()[at].Transport)
			}
		})
	}
}

// ended is the last word of a client that goes no further.
func (r *report) ended() external.Event {
	r.t.Helper()
	final := func(e external.Event) bool { return e.Event == "over" || e.Event == "cut" }
	r.until("end", func(all []external.Event) bool { return slices.ContainsFunc(all, final) })
	all := r.all()
	return all[slices.IndexFunc(all, final)]
}

// TestSockJSIsClosed: it understands why a session ends.
func TestSockJSIsClosed(t *testing.T) {
	o := startOrigin(t)
	for _, transport := range sockJSTransports() {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			if over := sockJS(t, o.url, "close", transport, external.Options{}).ended(); over.Code != 3000 || over.Why != "Go away!" {
				t.Errorf("closed with %d %q", over.Code, over.Why)
			}
		})
	}
}

// TestSockJSReceives: a thousand messages, each once and in order, across many
// answers, by each transport and path.
func TestSockJSReceives(t *testing.T) {
	installed(t)
	o := startOrigin(t)
	for _, spec := range []string{"direct", "transparent", "real:nginx/streaming"} {
		t.Run(spec, func(t *testing.T) {
			if spec != "direct" {
				whole(t)
			}
			base := o.through(spec)
			for _, transport := range sockJSTransports() {
				t.Run(transport, func(t *testing.T) {
					t.Parallel()
					channel := spec + "-" + transport
					r := sockJS(t, base, "hub?recycle_bytes=32768&channel="+url.QueryEscape(channel), transport, external.Options{})
					r.until("session", func(all []external.Event) bool { return len(texts(t, all)) > 0 }) // the hello
					const count, atOnce = 1000, 100                                                       // fewer than may wait for a subscriber
					for n := 0; n < count; n += atOnce {
						o.publish(channel, n, n+atOnce)
						r.until("messages", func(all []external.Event) bool { return len(texts(t, all)) > n+atOnce })
					}
					if got := numbers(t, inside(t, r.all()), "hub"); !slices.Equal(got, upTo(count)) {
						t.Errorf("%d messages: %v", len(got), got)
					}
					o.server.Hub().Terminate(channel)
					if over := r.ended(); over.Code != 3000 || over.Why != "terminated" {
						t.Errorf("closed with %d %q", over.Code, over.Why)
					}
				})
			}
		})
	}
}

// TestSockJSIsCut: a session of which an answer, or the socket, is broken off in
// the middle is over, and the client does not come back. What it got until then
// is whole and in order.
func TestSockJSIsCut(t *testing.T) {
	installed(t)
	o := startOrigin(t)
	for _, transport := range sockJSTransports() {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			channel := "cut-" + transport
			r := sockJS(t, o.through("fault:max-bytes(4000)"), "hub?channel="+channel, transport, external.Options{})
			r.until("session", func(all []external.Event) bool { return len(texts(t, all)) > 0 })
			over := func(all []external.Event) bool { return is("over", "")(all) || is("cut", "")(all) }
			for n := 0; n < 1000 && !over(r.all()); n += 100 { // polls bring all hundred in one answer
				o.publish(channel, n, n+100)
				r.pause()
			}
			end := r.ended()
			if want := map[string]bool{"xhr-streaming": true, "xhr-polling": true}[transport]; want != (end.Event == "cut") || !want && end.Code != 1002 && end.Code != 1006 {
				t.Errorf("it ended with %+v", end)
			}
			if got := numbers(t, inside(t, r.all()), "hub"); !slices.Equal(got, upTo(len(got))) {
				t.Errorf("%d messages: %v", len(got), got)
			}
		})
	}
}

// TestSockJSFallsBack: what the client ends up with when it is left to choose,
// and that it works. It gives each transport only some times what the answer of
// /info took, so a machine that was busy for a moment sends it one further down:
// one of three tries has to end where it should.
func TestSockJSFallsBack(t *testing.T) {
	installed(t)
	o := startOrigin(t)
	for spec, want := range map[string]string{
		"direct":                     "websocket",
		"fault:upgrade(mode=refuse)": "xhr-streaming",
		"nginx-default":              "xhr-polling",
		"fault:upgrade(mode=refuse)&buffer(until=close,if=type:application/javascript)": "eventsource",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			base, send := o.through(spec), []string{"one", "two"}
			var opened []string
			for len(opened) < 3 && !slices.Contains(opened, want) {
				r := sockJS(t, base, "echo", "", external.Options{Send: send})
				r.until("echoes", func(all []external.Event) bool { return len(texts(t, all)) >= len(send) })
				if got := texts(t, r.all()); !slices.Equal(got, send) {
					t.Errorf("got %q", got)
				}
				at := slices.IndexFunc(r.all(), func(e external.Event) bool { return e.Event == "open" })
				opened = append(opened, r.all()[at].Transport)
				if down := is("down", "")(r.all()); down != (want != "websocket") {
					t.Errorf("what it gave up: %s", r.tail())
				}
			}
			if !slices.Contains(opened, want) {
				t.Errorf("it opened by %s, want %s", opened, want)
			}
		})
	}
}

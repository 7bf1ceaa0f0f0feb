package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Every technique of the table, from a scripted origin that answers as WIRE.md
// says and ends well, over each version
// of HTTP.
func TestEachTechnique(t *testing.T) {
	script := func(name, arg string) string { return "<script>parent." + name + "(" + arg + ")</script>\n" }
	streamed := []string{"prelude e1-0", "message e1-1", "gap e1-53 missed=12", "end clean recycle-bytes"}
	polled := []string{"gap e1-53 missed=12", "message e1-1", "end clean"}
	lines := hello + "\n" + msg1 + "\n" + gap + "\n" + done + "\n"
	for _, c := range []struct {
		technique, contentType, wire string
		want                         []string
	}{
		{"short-poll", "application/json", "[" + gap + "," + msg1 + "]", polled},
		{"piggyback", "application/json", `{"reply":3,"messages":[` + gap + "," + msg1 + "]}", polled},
		{"long-poll", "application/json", "[" + gap + "," + msg1 + "]", polled},
		{"callback-poll", "application/javascript", "/**/cb([" + gap + "," + msg1 + "]);", polled},
		{"early-close", "text/plain", lines, streamed},
		{"xhr-streaming", "text/plain; charset=utf-8", lines, streamed},
		{"fetch-streaming", "application/x-ndjson", lines, streamed},
		{"forever-iframe", "text/html; charset=utf-8",
			script("cometbench", hello) + script("cometbench", msg1) + script("cometbench", gap) + script("cometbench", done), streamed},
		{"forever-iframe-text", "text/plain; charset=utf-8", lines, streamed},
		{"htmlfile", "text/html",
			strings.Repeat(" ", 256) + script("cb", hello) + script("cb", msg1) + script("cb", gap) + script("cb", done), streamed},
		{"multipart", `multipart/mixed; boundary="b=1"`, "--b=1\r\n" + part(hello) + part(msg1) + part(gap) + part(done), streamed},
		{"eventsource", "text/event-stream",
			"event: control\ndata: " + hello + "\nid: e1-0\n\n" + event(msg1, "e1-1") + "event: control\ndata: " + gap + "\n\nevent: control\ndata: " + done + "\n\n", streamed},
		{"content-length-stream", "application/octet-stream", lines + strings.Repeat(" ", 100), streamed},
	} {
		row, _ := measure.TechniqueByName(c.technique)
		for _, o := range origins {
			if !row.Speaks(o.http) {
				t.Errorf("%s is not received over HTTP/%s", c.technique, o.http)
			}
			t.Run(c.technique+" over "+o.name, func(t *testing.T) {
				seen := make(chan *http.Request, 1)
				s := o.start(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					seen <- r
					w.Header().Set("Content-Type", c.contentType)
					say(w, c.wire)
				})
				base, _ := url.Parse(s.URL)
				sub := measure.Subscription{Technique: c.technique, Target: s}
				sub.Target.URL = SubscribeURL(base, c.technique, "c", nil)
				if row.Method == http.MethodPost {
					sub.Target.Body = []byte("abc")
				}
				got := receive(t, sub, func(e measure.Event) {
					if e.Kind == measure.Received && (e.Bytes != len(`{"n":1}`) || e.Sum != msg1Sum) {
						t.Errorf("message of %d bytes with sum %s", e.Bytes, e.Sum)
					}
				})
				lines := append([]string{"dial #1", "headers 200 HTTP/" + o.http + " " + c.contentType}, c.want...)
				if o.http == "1.0" && row.Polls() {
					lines[len(lines)-1] = "end fin"
				}
				want(t, got, lines...)
				r := <-seen
				method := row.Method
				if method == "" {
					method = http.MethodGet
				}
				if r.Method != method || r.URL.Path != "/t/"+c.technique || r.URL.Query().Get("channel") != "c" {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				if got := r.Header.Get("Accept"); got != row.Accept {
					t.Errorf("Accept: %q, want %q", got, row.Accept)
				}
			})
		}
	}
}

// origins are the ways to reach an origin, and how each is started.
var origins = []struct {
	name, http string
	start      func(t *testing.T, h http.HandlerFunc) measure.Target
}{
	{"HTTP/1.0", "1.0", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return measure.Target{URL: serve(t, h), HTTP: "1.0"}
	}},
	{"HTTP/1.0 and TLS", "1.0", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return secured(t, h, "1.0")
	}},
	{"HTTP/1.1", "1.1", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return measure.Target{URL: serve(t, h)}
	}},
	{"HTTP/1.1 and TLS", "1.1", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return secured(t, h, "1.1")
	}},
	{"HTTP/2 and TLS", "2", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return secured(t, h, "2")
	}},
	{"HTTP/2 by prior knowledge", "2", func(t *testing.T, h http.HandlerFunc) measure.Target {
		return measure.Target{URL: cleartext(t, h), HTTP: "2"}
	}},
	{"HTTP/3", "3", func(t *testing.T, h http.HandlerFunc) measure.Target {
		o := serve3(t, h)
		return measure.Target{URL: o.url, HTTP: "3", RootsPEM: o.roots}
	}},
}

// secured starts an origin that speaks HTTP/1 and HTTP/2 over TLS.
func secured(t *testing.T, h http.HandlerFunc, version string) measure.Target {
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return measure.Target{URL: srv.URL, HTTP: version, RootsPEM: rootsOf(srv)}
}

func TestAsksAsABrowserAsks(t *testing.T) {
	ask := func(s measure.Subscription) *http.Request {
		seen := make(chan *http.Request, 1)
		s.Target.URL = serve(t, func(w http.ResponseWriter, r *http.Request) {
			seen <- r
			w.WriteHeader(http.StatusGone)
		}) + "/?after=e1-3"
		receive(t, s, nil)
		return <-seen
	}
	r := ask(measure.Subscription{Technique: "xhr-streaming"})
	for name, value := range map[string]string{"Accept-Encoding": "gzip, deflate", "Accept": "*/*", "User-Agent": UserAgent, "Last-Event-Id": "", "Cache-Control": ""} {
		if got := r.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if !strings.HasPrefix(UserAgent, "Mozilla/5.0") || !strings.Contains(UserAgent, "cometbench") {
		t.Errorf("user agent %q", UserAgent)
	}
	if r.URL.RawQuery != "after=e1-3" {
		t.Errorf("the target's own query became %q", r.URL.RawQuery)
	}
	r = ask(measure.Subscription{Technique: "eventsource", After: "e1-7", Target: measure.Target{Method: "POST", Body: []byte("x"),
		Header: http.Header{"Accept-Encoding": {""}, "Host": {"app.example"}, "user-agent": {"mine"}}}})
	if got := r.Header.Values("Accept-Encoding"); len(got) > 0 {
		t.Errorf("Accept-Encoding: %q", got)
	}
	if r.Method != "POST" || r.Host != "app.example" || r.UserAgent() != "mine" {
		t.Errorf("asked %s with host %s as %s", r.Method, r.Host, r.UserAgent())
	}
	if got := r.Header.Get("Last-Event-Id"); got != "e1-7" || r.Header.Get("Cache-Control") != "no-cache" || r.URL.RawQuery != "after=e1-3" {
		t.Errorf("resumed by %q and %q", got, r.URL.RawQuery)
	}
	r = ask(measure.Subscription{Technique: "long-poll", After: "e1-7"})
	if got := r.URL.Query().Get("after"); got != "e1-7" {
		t.Errorf("resumed by %q", r.URL)
	}
}

func TestSupports(t *testing.T) {
	g := NewGo()
	for _, row := range measure.Techniques() {
		for _, version := range []string{"", "1.0", "1.1", "2", "3"} {
			s := at(row.Name, "https://x/?callback=cb")
			s.Target.HTTP = version
			err := g.Supports(s)
			if (err == nil) != row.Speaks(version) {
				t.Errorf("%s over %q: %v", row.Name, version, err)
			}
			if err != nil && !strings.Contains(err.Error(), row.HTTPNote) {
				t.Errorf("%s over %q: %v, want the reason", row.Name, version, err)
			}
		}
		if _, err := NewDecoder(row.Name, Params{Callback: "cb", ContentType: "multipart/mixed; boundary=b"}); err != nil {
			t.Errorf("%s: %v", row.Name, err)
		}
		for _, v := range measure.Variants() {
			s := at(row.Name, "https://x/?callback=cb")
			s.Variant, s.Target.HTTP = v.Name, row.HTTP[len(row.HTTP)-1]
			if err := g.Supports(s); (err == nil) != slices.Contains(row.Variants, v.Name) {
				t.Errorf("%s as %s: %v", row.Name, v.Name, err)
			}
		}
	}
	for _, c := range []struct {
		technique, url, http, proxy, want string
	}{
		{"xhr-streaming", "http://x/", "3", "", "HTTP/3 needs an https URL"},
		{"xhr-streaming", "https://x/", "3", "http://p/", "HTTP/3 goes direct only"},
		{"websocket", "https://x/", "2", "", "RFC 8441"},
		{"websocket", "http://x/", "1.0", "", "goes over HTTP/1.1, not over HTTP/1.0"},
		{"webtransport", "https://x/", "", "", "goes over HTTP/3, not over HTTP/1.1"},
		{"xhr-streaming", "http://x/", "0.9", "", "unknown HTTP version"},
		{"xhr-streaming", "http://x/", "", "socks5://x", "only http and https proxies"},
		{"carrier-pigeon", "http://x/", "", "", "does not know technique"},
	} {
		s := measure.Subscription{Technique: c.technique, Target: measure.Target{URL: c.url, HTTP: c.http, Proxy: c.proxy}}
		if err := g.Supports(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	for _, u := range []string{"http://x/", "https://x/"} {
		if err := g.Supports(measure.Subscription{Technique: "xhr-streaming", Target: measure.Target{URL: u, HTTP: "2", Proxy: "http://p"}}); err != nil {
			t.Error(err)
		}
	}
}

// What is the caller's fault is an error, not an event.
func TestSubscribeRefusesBadTargets(t *testing.T) {
	for name, s := range map[string]measure.Subscription{
		"relative URL":   at("xhr-streaming", "/t/x"),
		"ws URL":         at("websocket", "ws://x/"),
		"no callback":    at("callback-poll", "http://x/"),
		"bad roots":      {Technique: "eventsource", Target: measure.Target{URL: "https://x/", RootsPEM: []byte("x")}},
		"bad source":     {Technique: "eventsource", Target: measure.Target{URL: "http://x/", SourceAddr: "eth0"}},
		"bad socket via": {Technique: "websocket", Target: measure.Target{URL: "http://x/", Proxy: "http://p/", SocketVia: "luck"}},
	} {
		if err := NewGo().Subscribe(t.Context(), s, func(e measure.Event) { t.Errorf("%s: event %+v", name, e) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSourceAddress(t *testing.T) {
	from := make(chan string, 1)
	s := at("xhr-streaming", serve(t, func(w http.ResponseWriter, r *http.Request) {
		from <- r.RemoteAddr
		w.WriteHeader(http.StatusGone)
	}))
	s.Target.SourceAddr = "127.0.0.1"
	receive(t, s, nil)
	if host, _, _ := net.SplitHostPort(<-from); host != "127.0.0.1" {
		t.Errorf("came from %s", host)
	}
}

// A client that leaves is noticed by the origin, for each HTTP version and in
// each phase of an exchange.
func TestLeavingClosesTheConnection(t *testing.T) {
	for _, c := range []struct {
		name, http, answer string
		leaveAt            measure.EventKind
	}{
		{"before the head", "1.1", "", measure.Dial},
		{"before the head, HTTP/1.0", "1.0", "", measure.Dial},
		{"in the stream", "1.1", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + hello + "\n", measure.Prelude},
		{"in the stream, HTTP/1.0", "1.0", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + hello + "\n", measure.Prelude},
		{"in a pause", "1.1", "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n", measure.End},
	} {
		t.Run(c.name, func(t *testing.T) {
			noticed := make(chan error, 8)
			s := at("xhr-streaming", rawOrigin(t, func(_ *http.Request, conn net.Conn) {
				_, _ = io.WriteString(conn, c.answer)
				_, err := conn.Read(make([]byte, 1))
				noticed <- err
			}))
			s.Target.HTTP, s.Resume, s.Retry = c.http, true, time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := &timeline{t: t, on: func(e measure.Event) {
				if e.Kind == c.leaveAt {
					cancel()
				}
			}}
			if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
				t.Fatal(err)
			}
			if c.leaveAt == measure.Dial {
				return // the request may never have been written
			}
			if err := <-noticed; err == nil {
				t.Error("the origin read a byte")
			}
			if c.leaveAt == measure.Prelude && strings.Contains(l.told(), "end") {
				t.Errorf("an end that nobody made:\n%s", l.told())
			}
		})
	}
}

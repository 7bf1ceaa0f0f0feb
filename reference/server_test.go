package reference

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func post(target, kind, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: o\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", target, kind, len(body), body)
}

func TestPublish(t *testing.T) {
	inBubble(t, Config{MaxMessageBytes: 20}, func(t *testing.T, b *bench) {
		resp, body, _ := b.open(post("/publish?channel=a%22b&due_us=7", "application/json", `{ "n" : 1 }`)).answer()
		if resp.StatusCode != 200 || body != `{"channel":"a\"b","id":"e7k2-1"}`+"\n" || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %q", resp.Status, body)
		}
		if body := b.get("/t/short-poll?channel=a%22b").body(); !strings.Contains(body, `"due_us":7,`) || !strings.Contains(body, `"data":{"n":1}`) {
			t.Errorf("stored %s", body)
		}
		for _, tt := range []struct{ request, status string }{
			{post("/publish?channel=c", "application/json", "{"), "400"},
			{post("/publish?channel=c", "text/plain", "\xff"), "400"},
			{post("/publish?channel=c", "text/plain", strings.Repeat("x", 21)), "413"},
			{post("/publish", "text/plain", ""), "400"},
			{post("/publish?channel=c&due_us=soon", "text/plain", ""), "400"},
			{post("/publish?channel=c&due=1", "text/plain", ""), "400"},
			{"GET /publish?channel=c HTTP/1.1\r\nHost: o\r\n\r\n", "405"},
			{"PUT /publish?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n", "405"},
			{"DELETE /publish HTTP/1.1\r\nHost: o\r\n\r\n", "400"},
		} {
			if got := b.open(tt.request).wire(); !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) {
				t.Errorf("%.40q: %.60q, want %s", tt.request, got, tt.status)
			}
		}
		b.publish("c", "first") // what was refused used no id
		if body := b.get("/t/short-poll?channel=c").body(); !strings.Contains(body, `"id":"e7k2-1"`) {
			t.Errorf("stored %s", body)
		}
	})
}

func TestToken(t *testing.T) {
	visits := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "visits") })
	for _, tt := range []struct {
		name       string
		config     Config
		from       string
		authorized string
		query      string
		want       int
	}{
		{"loopback", Config{}, "127.0.0.1:1", "", "", 200},
		{"loopback 6", Config{}, "[::1]:1", "", "", 200},
		{"elsewhere without a token", Config{}, "192.0.2.1:1", "", "", 401},
		{"elsewhere, empty token", Config{}, "192.0.2.1:1", "Bearer ", "", 401},
		{"elsewhere with it", Config{Token: "s3"}, "192.0.2.1:1", "Bearer s3", "", 200},
		{"elsewhere, in the query", Config{Token: "s3"}, "192.0.2.1:1", "", "token=s3", 200},
		{"elsewhere, wrong", Config{Token: "s3"}, "192.0.2.1:1", "Bearer s4", "", 401},
		{"elsewhere, another scheme", Config{Token: "s3"}, "192.0.2.1:1", "Basic s3", "", 401},
		{"loopback, needed", Config{Token: "s3", NeedToken: true}, "127.0.0.1:1", "", "", 401},
		{"loopback, needed and there", Config{Token: "s3", NeedToken: true}, "127.0.0.1:1", "bearer s3", "", 200},
	} {
		tt.config.Record = true
		tt.config.Extra = map[string]http.Handler{"/visits": visits, "/pages/": visits}
		s, err := New(tt.config)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(method, target string) int {
			r := httptest.NewRequest(method, target, strings.NewReader("x"))
			r.RemoteAddr = tt.from
			r.Header.Set("Authorization", tt.authorized)
			if tt.query != "" {
				r.URL.RawQuery += "&" + tt.query
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			return w.Code
		}
		for target, method := range map[string]string{"/publish?channel=c": "POST", "/record/c?a": "GET", "/metrics?a": "GET", "/visits?a": "GET"} {
			if got := ask(method, target); got != tt.want {
				t.Errorf("%s: %s %d, want %d", tt.name, target, got, tt.want)
			}
		}
		for _, open := range []string{"/", "/healthz", "/t/short-poll?channel=c", "/pages/x"} {
			if got := ask("GET", open); got != 200 {
				t.Errorf("%s: %s %d", tt.name, open, got)
			}
		}
	}
	if _, err := New(Config{NeedToken: true}); err == nil {
		t.Error("NeedToken without a token is taken")
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{Window: -1}, {MaxChannels: -1}, {Epoch: "a-b"}, {Epoch: strings.Repeat("a", 33)}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	a, b := newEpoch(), newEpoch()
	if a == b || !validEpoch(a) {
		t.Errorf("epochs %q, %q", a, b)
	}
}

func TestRecord(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		page := func(query string) (p recordPage) {
			t.Helper()
			resp, body, _ := b.get("/record/a%2Fb%3F" + query).answer()
			if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != 200 {
				t.Fatalf("%s %q: %v", resp.Status, body, err)
			}
			return p
		}
		if p := page(""); p.Next != 0 || p.Events == nil || p.Epoch != "e7k2" || p.NowUS != time.Now().UnixMicro() || p.Subscribers != 0 {
			t.Errorf("empty: %+v", p)
		}
		first := b.open("GET /t/eventsource?channel=a/b?&nonce=n+1 HTTP/1.1\r\nHost: o\r\nAccept-Encoding: gzip, br\r\nCookie: a=secret\r\nLast-Event-ID: e7k2-0\r\n\r\n")
		time.Sleep(time.Second)
		b.publish("a/b?", "x")
		second := b.get("/t/long-poll?channel=a/b?")
		p := page("?since=0")
		us := time.Now().UnixMicro()
		want := []recordEvent{
			{Side: "origin", Kind: "headers", T: us - 1e6, Conn: 2, Status: 200, HTTP: "1.1", Method: "GET", Sub: 1, Note: "technique=eventsource nonce=n+1 accept-encoding=gzip%2C+br cookie=yes last-event-id=e7k2-0"},
			{Side: "origin", Kind: "publish", ID: "e7k2-1", T: us, Bytes: 3},
			{Side: "origin", Kind: "write", ID: "e7k2-1", T: us, Bytes: 88, Conn: 2, Sub: 1},
			{Side: "origin", Kind: "headers", T: us, Conn: 3, Status: 200, HTTP: "1.1", Method: "GET", Sub: 2, Note: "technique=long-poll"},
			{Side: "origin", Kind: "write", ID: "e7k2-1", T: us, Bytes: 69, Conn: 3, Sub: 2},
			{Side: "origin", Kind: "end", T: us, Conn: 3, Sub: 2, Note: "answered"},
		}
		if !slices.Equal(p.Events, want) || p.Next != len(want) || p.Subscribers != 1 {
			t.Errorf("got  %+v\nwant %+v\nnext %d, subscribers %d", p.Events, want, p.Next, p.Subscribers)
		}
		_ = second

		// Held until there is something new, or until the wait is over.
		held := b.get("/record/a%2Fb%3F?since=6&wait=5s")
		time.Sleep(5*time.Second - 1)
		if held.wire() != "" {
			t.Fatalf("answered early: %q", held.wire())
		}
		time.Sleep(1)
		if body := held.body(); !strings.Contains(body, `"next":6,"events":[]`) {
			t.Errorf("after the wait: %s", body)
		}
		held = b.get("/record/a%2Fb%3F?since=6&wait=5s")
		first.leave()
		if body := held.body(); !strings.Contains(body, `"abort-noticed"`) || !strings.Contains(body, `"next":7,`) {
			t.Errorf("something new: %s", body)
		}
		for _, bad := range []string{"/record/", "/record/c?since=x", "/record/c?since=-1", "/record/c?wait=x"} {
			if got := b.get(bad).wire(); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
				t.Errorf("%s: %.40q", bad, got)
			}
		}
	})
}

func TestRecordIsBounded(t *testing.T) {
	r := newRecord(recordBounds{channels: 16, events: 20, total: 100})
	for range 25 {
		r.add("c", recordEvent{})
	}
	if events, dropped, _ := r.since("c", 0); len(events) != 20 || dropped != 5 {
		t.Errorf("%d events, %d dropped", len(events), dropped)
	}
	_, _, news := r.since("c", 20)
	for n := range 30 {
		r.add(fmt.Sprint(n), recordEvent{})
	}
	if len(r.channels) != 16 || r.recent.Len() != 16 || r.total != 16 {
		t.Errorf("%d channels, %d in order, %d events", len(r.channels), r.recent.Len(), r.total)
	}
	if events, _, _ := r.since("29", 0); len(events) != 1 {
		t.Error("the newest channel is gone")
	}
	select {
	case <-news:
	default:
		t.Error("whoever waits for a channel that was forgotten waits for ever")
	}
	for n := range 10 {
		for range 20 {
			r.add(fmt.Sprint("large", n), recordEvent{})
		}
	}
	if r.total > 100 || len(r.channels) == 0 {
		t.Errorf("%d events in %d channels", r.total, len(r.channels))
	}
	var none *record
	none.add("c", recordEvent{})
	if none.number("c") != 0 {
		t.Error("no record numbers requests")
	}
}

func TestCrossOrigin(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		ask := func(method, target, extra string) *http.Response {
			c := b.open(method + " " + target + " HTTP/1.1\r\nHost: o\r\nConnection: close\r\n" + extra + "\r\n")
			time.Sleep(time.Second)
			resp, _, _ := c.answer()
			return resp
		}
		const origin = "Origin: https://page.example\r\n"
		for _, target := range []string{"/t/eventsource?channel=c", "/t/long-poll?channel=c&hold=1ms", "/healthz", "/t/eventsource", "/record/c", "/nowhere"} {
			if got := ask("GET", target, origin).Header.Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("%s: allows %q", target, got)
			}
		}
		if got := ask("GET", "/healthz", "").Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("without an origin it allows %q", got)
		}
		resp := ask("OPTIONS", "/publish?channel=c", origin+"Access-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: authorization\r\n")
		if resp.StatusCode != 204 || !strings.Contains(resp.Header.Get("Access-Control-Allow-Methods"), "DELETE") || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("preflight: %s %v", resp.Status, resp.Header)
		}
		if resp := ask("OPTIONS", "/t/eventsource?channel=c", origin); resp.StatusCode != 405 {
			t.Errorf("not a preflight: %s", resp.Status)
		}
	})
}

func TestExtra(t *testing.T) {
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
	}
	s, err := New(Config{Extra: map[string]http.Handler{"/pages/": say("pages"), "/pages/deep/": say("deep"), "/one": say("one"), "/healthz": say("mine")}})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"/pages/": "pages", "/pages/a": "pages", "/pages/deep/b": "deep", "/one": "one", "/one/": "no such", "/pages": "no such", "/healthz": "ok"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: %q, want %s", target, w.Body, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.get("/t/eventsource?channel=c")
		b.get("/t/long-poll?channel=d")
		b.publish("c", "x", "y")
		_, body, _ := b.get("/metrics").answer()
		for _, want := range []string{"cometbench_subscribers 2", "cometbench_channels 2", "cometbench_messages_total 2", "cometbench_connections 3", "cometbench_connections_total 3", "cometbench_goroutines "} {
			if !strings.Contains(body, "\n"+want) {
				t.Errorf("no %q in\n%s", want, body)
			}
		}
	})
}

func TestHealth(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{200, 503} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIndex(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	page := w.Body.String()
	for _, tech := range All() {
		if !strings.Contains(page, `data-technique="`+tech.Name()+`"`) || !strings.Contains(page, html.EscapeString(tech.Info().Summary)) {
			t.Errorf("%s is not listed", tech.Name())
		}
		if !strings.Contains(page, "'"+tech.Name()+"'") {
			t.Errorf("the page cannot try %s", tech.Name())
		}
	}
	for _, o := range Options() {
		if !strings.Contains(page, "<code>"+o.Name+"</code>") {
			t.Errorf("option %s is not listed", o.Name)
		}
	}
	for _, o := range completionOptions() {
		if !strings.Contains(page, "<code>"+o.Name+"</code>") || !strings.Contains(page, html.EscapeString(o.Summary)) {
			t.Errorf("option %s of the stand-in model is not listed", o.Name)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(page, "http://") || strings.Contains(page, "https://") || strings.Contains(page, "innerHTML") {
		t.Errorf("the page loads or trusts something: %s", policy)
	}
}

func TestAllInfo(t *testing.T) {
	seen := make(map[string]bool)
	for _, tech := range All() {
		info := tech.Info()
		_, socket := tech.(SocketTechnique)
		_, session := tech.(SessionTechnique)
		if seen[tech.Name()] || info.Class == "" || info.Family == "" || len(info.Methods) == 0 || len(info.HTTP) == 0 || !strings.HasSuffix(info.Summary, ".") || !session && socket != (info.Class == Socket) {
			t.Errorf("%s: %+v", tech.Name(), info)
		}
		seen[tech.Name()] = true
	}
}

package sockjsprotocol_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/reference"
)

// inBrowser are the transports that the client has in a page of our own
// origin. Those with an iframe are for pages of other origins.
var inBrowser = []string{"websocket", "xhr-streaming", "eventsource", "htmlfile", "xhr-polling", "jsonp-polling"}

// step is one client of testdata/page.html.
type step struct {
	URL       string   `json:"url"`
	Transport string   `json:"transport"`
	Send      []string `json:"send"`
}

// TestClientInChromium: in a real browser, the published client echoes and
// receives by each transport.
func TestClientInChromium(t *testing.T) {
	browser := chromium(t)
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan said, 4096)
	mux := http.NewServeMux()
	mux.Handle("/", srv.Handler())
	mux.HandleFunc("GET /page.html", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/page.html") })
	mux.HandleFunc("GET /sockjs-client.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/node/node_modules/sockjs-client/dist/sockjs.min.js")
	})
	mux.HandleFunc("POST /said", func(w http.ResponseWriter, r *http.Request) {
		var s said
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&s); err != nil {
			t.Errorf("the page said something else: %v", err)
		}
		heard <- s
	})
	web := httptest.NewServer(mux)
	defer func() {
		web.CloseClientConnections()
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		web.Close()
	}()

	var steps []step
	for _, transport := range inBrowser {
		steps = append(steps,
			step{web.URL + "/sockjs/echo", transport, append(hard[:len(hard):len(hard)], "bye")},
			step{web.URL + "/sockjs/hub?recycle_bytes=4096&channel=" + transport, transport, nil})
		for n := range 200 { // there before anybody comes, and resumed behind
			if _, err := srv.Hub().Publish(transport, "application/json", fmt.Appendf(nil, `{"n":%d}`, n), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range steps {
		if steps[i].Send == nil {
			steps[i].URL += "&after=" + epochOf(t, web.URL, steps[i].Transport) + "-0"
		}
	}
	run, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	visit(t, browser, web.URL+"/page.html?run="+url.QueryEscape(string(run)))
	late := time.After(time.Minute)
	next := func(event string) said {
		t.Helper()
		select {
		case s := <-heard:
			if s.Event != event {
				t.Fatalf("got %+v, want %s", s, event)
			}
			return s
		case <-late:
			t.Fatalf("no %s within a minute", event)
		}
		return said{}
	}
	for _, transport := range inBrowser {
		if open := next("open"); open.Transport != transport {
			t.Fatalf("opened by %s, want %s", open.Transport, transport)
		}
		for _, want := range append(hard[:len(hard):len(hard)], "bye") {
			if got := next("message"); got.Data != want {
				t.Errorf("%s: got %.100q, want %.100q", transport, got.Data, want)
			}
		}
		next("over")
		next("open")
		next("message") // hello
		for n := range 200 {
			var m struct{ Data struct{ N int } }
			if got := next("message"); json.Unmarshal([]byte(got.Data), &m) != nil || m.Data.N != n {
				t.Fatalf("%s: got %.200q, want message %d", transport, got.Data, n)
			}
		}
		srv.Hub().Terminate(transport)
		next("message") // the end notice
		if over := next("over"); over.Code != 3000 || over.Why != "terminated" {
			t.Errorf("%s: closed with %d %q", transport, over.Code, over.Why)
		}
	}
}

// epochOf asks the server how it numbers.
func epochOf(t *testing.T, server, channel string) string {
	t.Helper()
	resp, err := http.Get(server + "/t/short-poll?channel=" + channel + "&limit=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var messages []struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&messages); err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	var epoch, seq string
	for i := range messages[0].ID {
		if messages[0].ID[i] == '-' {
			epoch, seq = messages[0].ID[:i], messages[0].ID[i:]
		}
	}
	if epoch == "" || seq == "" {
		t.Fatalf("id %q", messages[0].ID)
	}
	return epoch
}

// chromium finds a browser, or skips.
func chromium(t *testing.T) string {
	t.Helper()
	node(t) // the client comes with its packages
	for _, name := range []string{"chrome-headless-shell", "chromium-headless-shell", "headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs a browser (Debian package chromium-headless-shell)")
	return ""
}

// visit opens a page and leaves it open until the test ends.
func visit(t *testing.T, browser, address string) {
	t.Helper()
	flags := []string{"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--remote-debugging-port=0", "--user-data-dir=" + t.TempDir(), "--no-proxy-server"}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // it refuses to run as root with one
	}
	c, err := child.Start(child.Config{Path: browser, Args: append(flags, address)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the directory goes
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if err := c.Stop(now); err != nil {
			t.Error(err)
		}
	})
}

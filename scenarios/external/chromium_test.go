package external_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios/external"
)

// stage is a reference server with pages in which the clients' builds for
// browsers run, and what those pages say, in order.
type stage struct {
	t     *testing.T
	srv   *reference.Server
	url   *url.URL
	heard chan external.Event
}

func startStage(t *testing.T) *stage {
	t.Helper()
	k := installed(t)
	s := &stage{t: t, heard: make(chan external.Event, 1<<16)}
	var err error
	if s.srv, err = reference.New(reference.Config{}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.srv.Handler())
	mux.Handle("GET /stage/", http.StripPrefix("/stage/", http.FileServer(http.Dir("testdata"))))
	mux.Handle("GET /packages/", http.StripPrefix("/packages/", http.FileServerFS(k.Packages())))
	mux.HandleFunc("POST /said", func(w http.ResponseWriter, r *http.Request) {
		var all []external.Event
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<20)).Decode(&all); err != nil {
			t.Errorf("the page said something else: %v", err)
		}
		for _, e := range all {
			s.heard <- e
		}
	})
	web := httptest.NewServer(mux)
	t.Cleanup(func() {
		web.CloseClientConnections()
		if err := s.srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		web.Close()
	})
	if s.url, err = url.Parse(web.URL); err != nil {
		t.Fatal(err)
	}
	return s
}

// through is where the stage is found along a simulated path.
func (s *stage) through(spec string) *url.URL {
	s.t.Helper()
	if spec == "direct" {
		return s.url
	}
	p, err := proxies.Parse(spec, proxies.ParseOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := p.Start(s.t.Context(), proxies.Env{Origin: s.url, Mode: proxies.Reverse})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { in.Close() })
	return in.Route().Base
}

// play opens a page with what its clients are to do.
func (s *stage) play(browser string, base *url.URL, page string, run any) {
	s.t.Helper()
	text, err := json.Marshal(run)
	if err != nil {
		s.t.Fatal(err)
	}
	visit(s.t, browser, base.JoinPath("stage", page).String()+"?run="+url.QueryEscape(string(text)))
}

// listen returns what is heard up to the first event of a kind, with it.
func (s *stage) listen(until string) (out []external.Event) {
	s.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-s.heard:
			out = append(out, e)
			if e.Event == until {
				return out
			}
			if e.Event == "crashed" || e.Event == "down" {
				s.t.Fatalf("waiting for %s: %s: %s %s", until, e.Event, e.On, e.Why)
			}
		case <-late:
			s.t.Fatalf("no %s; %d events, the last %+v", until, len(out), out[max(0, len(out)-1):])
		}
	}
}

// next returns what is heard next, which must be of this kind.
func (s *stage) next(event string) external.Event {
	s.t.Helper()
	all := s.listen(event)
	if len(all) != 1 {
		s.t.Fatalf("got %+v, want %s", all[0], event)
	}
	return all[0]
}

func (s *stage) publish(channel string, from, to int) {
	s.t.Helper()
	for n := from; n < to; n++ {
		if _, err := s.srv.Hub().Publish(channel, "application/json", fmt.Appendf(nil, `{"n":%d}`, n), 0); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestBayeuxInChromium: in a real browser, each client connects, subscribes
// also by patterns, publishes, and gets a thousand messages with
// acknowledgements, once each and in order, by each transport.
func TestBayeuxInChromium(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, spec := range []string{"direct", "transparent"} {
		t.Run(spec, func(t *testing.T) {
			if spec != "direct" {
				whole(t)
			}
			const count, own, patterns = 1000, "/chat/room", 2
			s := startStage(t)
			type step struct {
				Client    string   `json:"client"`
				Path      string   `json:"path"`
				Transport string   `json:"transport"`
				Subscribe []string `json:"subscribe"`
				Publish   string   `json:"publish"`
				Count     int      `json:"count"`
				Until     int      `json:"until"`
			}
			var steps []step
			for _, program := range ofFamily("bayeux") {
				for _, transport := range program.Transports {
					steps = append(steps, step{program.Name, "/bayeux", transport, []string{"/hub/" + program.Name + "-" + transport, "/chat/*", "/chat/**"}, own, 3, count + 3*patterns})
				}
			}
			s.play(browser, s.through(spec), "bayeux.html", steps)
			for _, step := range steps {
				name := step.Client + "-" + step.Transport
				var all []external.Event
				for !is("open", "")(all) || !is("subscribed", "/hub/"+name)(all) {
					all = append(all, s.one())
				}
				if at := slices.IndexFunc(all, func(e external.Event) bool { return e.Event == "open" }); all[at].Transport != step.Transport {
					t.Errorf("%s: opened by %s", name, all[at].Transport)
				}
				for n := 0; n < count; n += 50 {
					s.publish(name, n, n+50)
					for len(numbers(t, all, "/hub/"+name)) < n+50 {
						all = append(all, s.one())
					}
				}
				if !is("over", "")(all) {
					all = append(all, s.listen("over")...)
				}
				if got := numbers(t, all, "/hub/"+name); !slices.Equal(got, upTo(count)) {
					t.Errorf("%s: %d messages: %v", name, len(got), got)
				}
				if got := numbers(t, all, own); !slices.Equal(got, []int{0, 0, 1, 1, 2, 2}) {
					t.Errorf("%s: own messages %v", name, got)
				}
			}
		})
	}
}

// one waits for the next event, whatever it is.
func (s *stage) one() external.Event {
	s.t.Helper()
	select {
	case e := <-s.heard:
		if e.Event == "crashed" || e.Event == "down" {
			s.t.Fatalf("%s: %s %s", e.Event, e.On, e.Why)
		}
		return e
	case <-time.After(patience):
		s.t.Fatal("the page says nothing more")
	}
	return external.Event{}
}

// TestSockJSInChromium: the published client echoes and receives by each
// transport that it has in a page of the server's own origin. Those with an
// iframe are for pages of other origins.
func TestSockJSInChromium(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	s := startStage(t)
	transports := []string{"websocket", "xhr-streaming", "eventsource", "htmlfile", "xhr-polling", "jsonp-polling"}
	type step struct {
		URL       string   `json:"url"`
		Transport string   `json:"transport"`
		Send      []string `json:"send"`
	}
	var steps []step
	said := append(slices.Clone(hard), "bye")
	for _, transport := range transports {
		s.publish(transport, 0, 200) // there before anybody comes, and resumed behind
		steps = append(steps,
			step{s.url.String() + "/sockjs/echo", transport, said},
			step{s.url.String() + "/sockjs/hub?recycle_bytes=4096&channel=" + transport + "&after=" + s.epoch(transport) + "-0", transport, nil})
	}
	s.play(browser, s.url, "sockjs.html", steps)
	for _, transport := range transports {
		if open := s.next("open"); open.Transport != transport {
			t.Fatalf("opened by %s, want %s", open.Transport, transport)
		}
		for _, want := range said {
			if got := texts(t, []external.Event{s.next("message")}); got[0] != want {
				t.Errorf("%s: got %.100q, want %.100q", transport, got, want)
			}
		}
		s.next("over")
		s.next("open")
		var all []external.Event
		for range 201 { // with the hello
			all = append(all, s.next("message"))
		}
		if got := numbers(t, inside(t, all), "hub"); !slices.Equal(got, upTo(200)) {
			t.Fatalf("%s: got %v", transport, got)
		}
		s.srv.Hub().Terminate(transport)
		s.next("message") // the end notice
		if over := s.next("over"); over.Code != 3000 || over.Why != "terminated" {
			t.Errorf("%s: closed with %d %q", transport, over.Code, over.Why)
		}
	}
}

// epoch asks the server how it numbers.
func (s *stage) epoch(channel string) string {
	s.t.Helper()
	resp, err := http.Get(s.url.String() + "/t/short-poll?channel=" + channel + "&limit=1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var messages []struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&messages); err != nil || len(messages) != 1 {
		s.t.Fatalf("%d messages, %v", len(messages), err)
	}
	epoch, _, found := strings.Cut(messages[0].ID, "-")
	if !found {
		s.t.Fatalf("id %q", messages[0].ID)
	}
	return epoch
}

// chromium finds a browser, or skips.
func chromium(t *testing.T) string {
	t.Helper()
	installed(t) // the clients come with their packages
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

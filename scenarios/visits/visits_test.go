package visits

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// stranger says things to a site without being its page.
type stranger struct {
	t      *testing.T
	at     *url.URL
	header http.Header
}

func (s stranger) ask(method, path, body string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.at.String()+path, strings.NewReader(body))
	must(s.t, err)
	for name, values := range s.header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	must(s.t, err)
	b, err := io.ReadAll(resp.Body)
	must(s.t, err)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	must(t, err)
	return string(b)
}

// begin starts a visit by a page that can do none of these techniques.
func (s stranger) begin(cannot ...string) reply {
	s.t.Helper()
	words := beginning{Cannot: map[string]string{}}
	for _, name := range cannot {
		words.Cannot[name] = "it is only a test"
	}
	b, err := json.Marshal(words)
	must(s.t, err)
	resp := s.ask("POST", beginPath, string(b))
	var answer reply
	if resp.StatusCode != 200 {
		s.t.Fatalf("begin: %s: %s", resp.Status, text(s.t, resp))
	}
	must(s.t, json.NewDecoder(resp.Body).Decode(&answer))
	return answer
}

func TestOnlyThePagesWords(t *testing.T) {
	s := newSite(t, Config{Techniques: []string{"websocket"}})
	by := stranger{t, s.url, nil}
	key := by.begin().Key
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", beginPath, "{", 400},
		{"POST", beginPath, `{"lanes":"many"}`, 400},
		{"POST", beginPath, `{"cannot":{"websocket":"` + strings.Repeat("x", longestWords) + `"}}`, 400},
		{"PUT", beginPath, "{}", 405},
		{"POST", visitPath + "nobody", "{}", 404},
		{"POST", visitPath + key, `{"seq":1,"events":[{"kind":"publish"}]}`, 400},
		{"POST", visitPath + key, `{"seq":1,"events":[{"kind":"end","end_kind":"well"}]}`, 400},
		{"POST", visitPath + key, `{"seq":1,"events":[{"order":77,"kind":"message","t_us":-9223372036854775808}],"done":[77,-1]}`, 200},
		{"GET", visitPath + key + "?q=" + url.QueryEscape(`{"seq":2,"have":-5}`), "", 200},
		{"POST", "/self-test/else", "{}", 404},
		{"POST", "/self-test", "", 405},
	} {
		resp := by.ask(c.method, c.path, c.body)
		if resp.StatusCode != c.status || resp.Header.Get("Cache-Control") != "no-store, no-transform" {
			t.Errorf("%s %s %.60s: %s, want %d: %s", c.method, c.path, c.body, resp.Status, c.status, text(t, resp))
		}
	}
	by.header = http.Header{"Origin": {"https://elsewhere.example"}, "Sec-Fetch-Site": {"cross-site"}}
	for _, path := range []string{beginPath, visitPath + key, "/visits", "/visits/x"} {
		if resp := by.ask("POST", path, "{}"); resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("another site's page: %s: %s, %v", path, resp.Status, resp.Header)
		}
	}
}

func TestAsManyVisitsAsAllowed(t *testing.T) {
	s := newSite(t, Config{Techniques: []string{"websocket"}, AtOnce: 1})
	by := stranger{t, s.url, nil}
	by.begin()
	if resp := by.ask("POST", beginPath, "{}"); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the second visit: %s", resp.Status)
	}
	s.Close()
	if resp := by.ask("POST", beginPath, "{}"); resp.StatusCode != 503 {
		t.Errorf("after the end: %s", resp.Status)
	}
}

// A visit that the server ends is kept as far as it came, and says so.
func TestVisitIsInterrupted(t *testing.T) {
	s := newSite(t, Config{Techniques: []string{"websocket", "eventsource"}})
	by := stranger{t, s.url, nil}
	key := by.begin("eventsource").Key
	for seq := 1; ; seq++ {
		var answer reply
		must(t, json.Unmarshal([]byte(text(t, by.ask("POST", visitPath+key, fmt.Sprintf(`{"seq":%d}`, seq)))), &answer))
		if len(answer.Orders) == 1 && len(answer.Cells) == 1 {
			break
		}
	}
	s.Close()
	run := s.latest(t)
	if run.Complete() || run.End == nil || len(run.Cells) != 1 || run.Cells[0].Verdict != measure.Unsupported || run.Cells[0].Reason != "it is only a test" {
		t.Errorf("%+v, end %+v", run.Cells, run.End)
	}
}

// A page of which nothing is heard any more, and nothing was known, leaves nothing.
func TestPageGoesAway(t *testing.T) {
	s := newSite(t, Config{Techniques: []string{"websocket"}, Gone: 1, Afterwards: 1})
	stranger{t, s.url, nil}.begin()
	s.all.Wait()
	if names := newestFirst(s.cfg.Dir); len(names) > 0 {
		t.Errorf("left: %v", names)
	}
}

// forgotten waits until a visit has ended and its page need not be told.
func (s *site) forgotten(t *testing.T, name string) {
	t.Helper()
	is := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, n := range s.visits {
			if n.name == name {
				return false
			}
		}
		return true
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-t.Context().Done():
			t.Fatalf("visit %s has not ended", name)
		}
	}
}

func TestTheOldestVisitsGo(t *testing.T) {
	s := newSite(t, Config{Techniques: []string{"websocket"}, Kept: 2, Afterwards: 1})
	running := stranger{t, s.url, nil}.begin().Name
	foreign := filepath.Join(s.cfg.Dir, "20200101-000000-mine")
	must(t, os.Mkdir(foreign, 0o755))
	var names []string
	for range 4 {
		names = append(names, stranger{t, s.url, nil}.begin("websocket").Name)
		s.forgotten(t, names[len(names)-1])
	}
	if left := newestFirst(s.cfg.Dir); !slices.Equal(left, []string{names[3], names[2], running}) {
		t.Errorf("left of %s, which goes on, and %v: %v", running, names, left)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
}

func TestVisitsAreListed(t *testing.T) {
	const hostile = `<script>alert(1)</script>"'&`
	rendered := 0
	s := newSite(t, Config{Techniques: []string{"websocket"}, Afterwards: 1, Render: func(dir string) error {
		rendered++
		return os.WriteFile(filepath.Join(dir, "report.html"), []byte("the report"), 0o600)
	}})
	by := stranger{t, s.url, nil}
	if got := text(t, by.ask("GET", "/visits", "")); !strings.Contains(got, "Nobody yet") {
		t.Errorf("%s", got)
	}
	by.header = http.Header{"User-Agent": {hostile}, "Via": {"1.1 " + hostile}}
	name := by.begin("websocket").Name
	s.all.Wait()
	by.header = nil

	list := text(t, by.ask("GET", "/visits?token=a%22b", ""))
	for _, want := range []string{`href="/visits/` + name + `?token=a%22b"`, "1 unsupported", "Via 1.1 &lt;script&gt;"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
	if strings.Contains(list, "<script>") {
		t.Errorf("a script of the visitor's in the list:\n%s", list)
	}

	report := by.ask("GET", "/visits/"+name, "")
	if got := text(t, report); report.StatusCode != 200 || got != "the report" || rendered != 1 {
		t.Errorf("%s %q, rendered %d times", report.Status, got, rendered)
	}
	if policy := report.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox allow-scripts;") {
		t.Errorf("policy %q", policy)
	}
	must(t, os.Remove(filepath.Join(s.cfg.Dir, name, "report.html")))
	if got := text(t, by.ask("GET", "/visits/"+name, "")); got != "the report" || rendered != 2 {
		t.Errorf("once more: %q, rendered %d times", got, rendered)
	}
	if got := text(t, by.ask("GET", "/visits/"+name+"/results.jsonl", "")); !strings.HasPrefix(got, `{"type":"run"`) {
		t.Errorf("results: %.100s", got)
	}
	must(t, os.WriteFile(filepath.Join(s.cfg.Dir, "results.jsonl"), []byte("secret"), 0o600))
	for _, path := range []string{"/visits/..", "/visits/%2e%2e/results.jsonl", "/visits/../results.jsonl", "/visits/" + name + "/../results.jsonl", "/visits/" + name + "/timelines"} {
		if resp := by.ask("GET", path, ""); resp.StatusCode != 404 {
			t.Errorf("%s: %s: %s", path, resp.Status, text(t, resp))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Dir: "x", Origin: bounded{}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no directory": func(c *Config) { c.Dir = "" }, "no origin": func(c *Config) { c.Origin = nil },
		"negative": func(c *Config) { c.Kept = -1 }, "unknown technique": func(c *Config) { c.Techniques = []string{"pigeon"} },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

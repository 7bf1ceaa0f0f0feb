package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// application NAME starts the foreign application of scenarios/app in Node and
// puts its address into the variable NAME. Scripts look for node first.
func application(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: application NAME")
	}
	here, err := os.Getwd() // of the test, not of the script
	ts.Check(err)
	cmd := exec.Command("node", filepath.Join(here, "../../scenarios/app/testdata/node/server.js"))
	cmd.Env = append(os.Environ(), "APP_SECRET=open-sesame")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		stdin.Close() // it ends then
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait() // what it says of its end is of no interest
	})
	var ready struct{ Port int }
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	ts.Check(err)
	ts.Setenv(args[0], fmt.Sprintf("http://127.0.0.1:%d", ready.Port))
}

// unsaid FILE|DIR|stdout|stderr…: no secret of the environment stands there, in
// no spelling, and no long piece of one.
func unsaid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: unsaid FILE...")
	}
	var forbidden []string
	for _, name := range []string{"APP_SECRET", "APP_COOKIE"} {
		secret := ts.Getenv(name)
		forbidden = append(forbidden, secret[:6], url.QueryEscape(secret), url.PathEscape(secret), strings.ToLower(url.QueryEscape(secret)))
	}
	look := func(place, text string) {
		for _, f := range forbidden {
			if at := strings.Index(text, f); at >= 0 {
				ts.Fatalf("%s says …%s…", place, text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
	for _, place := range args {
		if place == "stdout" || place == "stderr" {
			look(place, ts.ReadFile(place))
			continue
		}
		files := 0
		ts.Check(filepath.WalkDir(ts.MkAbs(place), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			look(path, string(text))
			return err
		}))
		if files == 0 {
			ts.Fatalf("%s holds no files", place)
		}
	}
}

// cell DIR PROXY VERDICT [CAUSE [FIRST_AT]]: the cell of a run has this
// verdict, and this or no cause; told which checks made it so if not.
func cell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 5 {
		ts.Fatalf("usage: cell DIR PROXY VERDICT [CAUSE [FIRST_AT]]")
	}
	run, err := measure.Read(ts.MkAbs(args[0]))
	ts.Check(err)
	want := append(args[2:], "", "")[:3]
	for _, c := range run.Cells {
		if c.Proxy != args[1] {
			continue
		}
		got := []string{string(c.Verdict), c.Cause, c.FirstAt}
		if slices.Equal(got, want) {
			return
		}
		var why strings.Builder
		for _, k := range run.ChecksOf(c.Cell) {
			fmt.Fprintf(&why, "\n%s: %s %s %s", k.Check, k.Verdict, k.Cause, k.Got)
		}
		ts.Fatalf("%s is %q, want %q%s", c.Labels, got, want, &why)
	}
	ts.Fatalf("no cell of %s", args[1])
}

// counted URL N: the foreign application was asked for this so often.
func counted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: counted URL N")
	}
	u, err := url.Parse(args[0])
	ts.Check(err)
	resp, err := http.Get("http://" + u.Host + "/count")
	ts.Check(err)
	defer resp.Body.Close()
	counts := map[string]int{}
	ts.Check(json.NewDecoder(resp.Body).Decode(&counts))
	if got := fmt.Sprint(counts[u.Path]); got != args[1] {
		ts.Fatalf("%s was asked %s times, want %s", args[0], got, args[1])
	}
}

// stranger NAME HABIT [UPSTREAM] starts an HTTP proxy that shares nothing with
// ours and puts its address into the variable NAME: a reverse one in front of
// UPSTREAM, and a forward one for requests with a whole URL. Its habit is to
// stream, to buffer whole answers, to strip a request of its credentials, to
// cut answers after half a second so that they look whole, to replay the first
// answer that it was given, or to answer itself with what it was asked: an
// error page (echo), or lines between those of a stream (mutter).
func stranger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: stranger NAME stream|buffer|strip|cut|replay|echo|mutter [UPSTREAM]")
	}
	p := &strangeProxy{habit: args[1]}
	if len(args) == 3 {
		p.upstream = args[2]
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	srv := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(ln) }) // it ends with Close
	ts.Defer(func() {
		_ = srv.Close()
		p.transport.CloseIdleConnections()
		wg.Wait()
	})
	ts.Setenv(args[0], "http://"+ln.Addr().String())
}

type strangeProxy struct {
	habit, upstream string
	transport       http.Transport

	mu     sync.Mutex
	stored []byte // a whole answer
	head   http.Header
}

func (p *strangeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.URL.String()
	if !r.URL.IsAbs() {
		target = p.upstream + r.URL.RequestURI()
	}
	if p.replayed(w) || p.echoed(w, r) {
		return
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out.ContentLength = r.ContentLength
	for name, values := range r.Header {
		if p.habit == "strip" && (name == "Authorization" || name == "Cookie") || strings.HasPrefix(name, "Proxy-") || name == "Connection" {
			continue
		}
		out.Header[name] = values
	}
	resp, err := p.transport.RoundTrip(out)
	if err != nil {
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	if p.habit == "cut" {
		stop := time.AfterFunc(500*time.Millisecond, func() { resp.Body.Close() })
		defer stop.Stop()
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	if p.habit == "buffer" || p.habit == "replay" {
		whole, _ := io.ReadAll(resp.Body)
		p.mu.Lock()
		p.stored, p.head = whole, resp.Header
		p.mu.Unlock()
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(whole)
		return
	}
	w.WriteHeader(resp.StatusCode)
	flush := http.NewResponseController(w)
	buf := make([]byte, 4096)
	for err == nil {
		var n int
		if n, err = resp.Body.Read(buf); n > 0 {
			_, _ = w.Write(buf[:n])
			_ = flush.Flush()
		}
	}
}

// replayed answers with what was stored, if there is something.
func (p *strangeProxy) replayed(w http.ResponseWriter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.habit != "replay" || p.stored == nil {
		return false
	}
	for name, values := range p.head {
		w.Header()[name] = values
	}
	_, _ = w.Write(p.stored)
	return true
}

// echoed answers with the request, in several spellings, if that is its habit.
func (p *strangeProxy) echoed(w http.ResponseWriter, r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	said := fmt.Sprintf("%s %s; %s; %s; %s", r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.URL, url.QueryEscape(r.Header.Get("Authorization")), body)
	switch p.habit {
	case "echo":
		w.Header().Set("Content-Type", "text/html; said=\""+r.Header.Get("Authorization")+"\"")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "<p>%s", said)
	case "mutter":
		w.Header().Set("Content-Type", "application/x-ndjson")
		for n := range 6 {
			fmt.Fprintf(w, "{\"n\":%d}\n", n)
			if n == 3 {
				fmt.Fprintln(w, said)
			}
			_ = http.NewResponseController(w).Flush()
			time.Sleep(60 * time.Millisecond) // a stream takes its time
		}
	default:
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		return false
	}
	return true
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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

// stranger NAME HABIT [UPSTREAM] starts an HTTP proxy that shares nothing with
// ours and puts its address into the variable NAME: a reverse one in front of
// UPSTREAM, and a forward one for requests with a whole URL. Its habit is to
// stream, to buffer whole answers, to strip a request of its credentials, to
// cut answers after a second so that they look whole, or to replay the first
// answer that it was given.
func stranger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: stranger NAME stream|buffer|strip|cut|replay [UPSTREAM]")
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
	if p.replayed(w) {
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
		stop := time.AfterFunc(time.Second, func() { resp.Body.Close() })
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

package real_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// starts says how many starts and stops TestNothingIsLeft makes over all
// configurations together; without it two of each program (make fleet).
const starts = "COMETBENCH_FLEET"

// Programs come and go, two at a time, with a stream through each, and leave
// neither a process nor a port nor a file behind.
func TestNothingIsLeft(t *testing.T) {
	over, rounds := stock, 1
	if text := os.Getenv(starts); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", starts, err)
		}
		each2 := 2 * max(1, installed())
		over, rounds = each, (n+each2-1)/each2
	}
	t.Setenv("TMPDIR", t.TempDir())
	over(t, func(t *testing.T, p proxies.Proxy) {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				for range rounds {
					comeAndGo(t, p)
				}
			})
		}
		both.Wait()
	})
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// installed is the number of configurations that can run here.
func installed() (n int) {
	for _, program := range real.Programs() {
		for _, config := range program.Configs {
			if program.Available(config) == nil {
				n++
			}
		}
	}
	return n
}

// comeAndGo starts a program, has a stream pass through it, and stops it.
func comeAndGo(t *testing.T, p proxies.Proxy) {
	const messages = 10
	to := origin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range messages {
			fmt.Fprintf(w, "data: %d\n\n", n)
			http.NewResponseController(w).Flush()
		}
	})
	started, err := p.Start(t.Context(), proxies.Env{Origin: to})
	if err != nil {
		t.Error(err)
		return
	}
	in := started.(*real.Instance)
	c, u := reach(t, in, to)
	if resp, err := c.Get(u.String()); err != nil {
		t.Error(err)
	} else {
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if n := strings.Count(string(body), "data: "); err != nil || n != messages {
			t.Errorf("%d messages of %d, %v", n, messages, err)
		}
	}
	pids := processes(t, in, fewest(p))
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		ended(t, pid)
	}
	if conn, err := net.Dial("tcp", address(in)); err == nil {
		conn.Close()
		t.Errorf("%s still answers", address(in))
	}
	if s := in.Stats(); s.Hits != -1 {
		t.Errorf("counters after the end: %+v", s)
	}
	if err := in.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

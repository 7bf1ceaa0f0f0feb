package real_test

import (
	"net"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// starts says how many starts and stops TestNothingIsLeft makes over all
// configurations together; without it two of each (make fleet).
const starts = "COMETBENCH_FLEET"

// Programs come and go, two at a time, with a stream through each, and leave
// neither a process nor a port nor a file behind.
func TestNothingIsLeft(t *testing.T) {
	rounds := 1
	if text := os.Getenv(starts); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", starts, err)
		}
		rounds = (n + 2*installed() - 1) / (2 * max(1, installed()))
	}
	t.Setenv("TMPDIR", t.TempDir())
	each(t, func(t *testing.T, p proxies.Proxy) {
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

// comeAndGo starts a program, streams through it where it lets streams pass, and
// stops it.
func comeAndGo(t *testing.T, p proxies.Proxy) {
	arrived := make(chan struct{}, messages)
	started, err := p.Start(t.Context(), proxies.Env{Origin: lockStep(t, arrived)})
	if err != nil {
		t.Error(err)
		return
	}
	in := started.(*real.Instance)
	const media = "text/event-stream"
	if !collects(p.Name(), media) {
		if err := receive(t.Context(), client(t), p, in, media, arrived); err != nil {
			t.Error(err)
		}
	}
	pids := processes(t, in, fewest(p))
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		if running(pid) {
			t.Errorf("process %s is still there", pid)
		}
	}
	if conn, err := net.Dial("tcp", in.Route().Base.Host); err == nil {
		conn.Close()
		t.Errorf("%s still answers", in.Route().Base.Host)
	}
	if s := in.Stats(); s.Hits != -1 {
		t.Errorf("counters after the end: %+v", s)
	}
	if err := in.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

package child_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/internal/child"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == orphanArg {
		startAndHang(os.Args[2])
	}
	goleak.VerifyTestMain(m)
}

// lines hands over a child's output line by line.
type lines struct {
	mu   sync.Mutex
	rest string
	ch   chan string
}

func newLines() *lines { return &lines{ch: make(chan string, 100)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest += string(p)
	for {
		line, rest, ok := strings.Cut(l.rest, "\n")
		if !ok {
			return len(p), nil
		}
		l.rest = rest
		l.ch <- line
	}
}

func (l *lines) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-l.ch:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("no line from the child")
		return ""
	}
}

// start runs a shell script and stops it at the end of the test.
func start(t *testing.T, cfg child.Config, script string) *child.Child {
	t.Helper()
	cfg.Path, cfg.Args = "/bin/sh", []string{"-c", script}
	c, err := child.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// waitGone waits until no process has the number. Somebody else's init may
// have to reap it first.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for alive(pid) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// alive reports whether pid runs; a zombie does not.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	return !strings.HasPrefix(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " Z")
}

func pidOf(t *testing.T, line string) int {
	t.Helper()
	var pid int
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatalf("%q is no process id: %v", line, err)
	}
	return pid
}

func TestWaitTellsHowItEnded(t *testing.T) {
	for _, tt := range []struct {
		script, want string
	}{
		{"exit 0", ""},
		{"echo fine; echo; exit 3", "sh: exit status 3: fine"},
		{"echo out; echo first >&2; echo 'the reason' >&2; exit 1", "sh: exit status 1: the reason"},
		{"kill -KILL $$", "sh: signal: killed"},
	} {
		c := start(t, child.Config{}, tt.script)
		err := c.Wait(t.Context())
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.script, err)
			}
			continue
		}
		if exit := new(child.ExitError); !errors.As(err, &exit) || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.script, err, tt.want)
		}
		if c.State() == nil {
			t.Errorf("%s: no state after the end", tt.script)
		}
	}
}

func TestStartOfNothing(t *testing.T) {
	c, err := child.Start(child.Config{Path: "/nonexistent/program"})
	if c != nil || !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "start program: ") {
		t.Errorf("Start = %v, %v", c, err)
	}
}

func TestOutputIsKeptAndPassedOn(t *testing.T) {
	out := newLines()
	c := start(t, child.Config{Stdout: out, Tail: 10}, "echo one; echo 0123456789abcdef; echo error >&2")
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := out.next(t), out.next(t); a != "one" || b != "0123456789abcdef" {
		t.Errorf("passed on %q, %q", a, b)
	}
	if got := c.Stdout().String(); got != "789abcdef\n" {
		t.Errorf("kept %q", got)
	}
	if got := c.Stderr().String(); got != "error\n" {
		t.Errorf("kept %q of the errors", got)
	}
}

func TestStopAsksFirst(t *testing.T) {
	out := newLines()
	c := start(t, child.Config{Stdout: out, StopSignal: syscall.SIGUSR1, Grace: time.Minute},
		`trap 'echo asked; exit 0' USR1; echo ready; while :; do sleep 0.01; done`)
	out.next(t)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := out.next(t); got != "asked" || c.Killed() || !c.State().Success() {
		t.Errorf("said %q, killed %v, state %v", got, c.Killed(), c.State())
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("second stop: %v", err)
	}
	if err := c.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal after the end: %v", err)
	}
}

func TestStopKillsTheStubborn(t *testing.T) {
	for name, cfg := range map[string]child.Config{
		"after the grace":  {Grace: 10 * time.Millisecond},
		"when ctx is over": {Grace: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			out := newLines()
			cfg.Stdout = out
			// The second shell inherits the ignored signal, as does its sleep.
			c := start(t, cfg, `trap '' TERM; sh -c 'echo $$; sleep 1000' & echo ready; wait`)
			a, b := out.next(t), out.next(t)
			if a == "ready" {
				a = b
			}
			worker := pidOf(t, a)
			ctx, cancel := context.WithCancel(t.Context())
			if cfg.Grace == time.Hour {
				cancel()
			}
			defer cancel()
			if err := c.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			if !c.Killed() {
				t.Error("ended without a kill")
			}
			waitGone(t, worker)
		})
	}
}

func TestLeftoversGoWithTheProgram(t *testing.T) {
	out := newLines()
	c := start(t, child.Config{Stdout: out}, `sleep 1000 & echo $!; exit 7`)
	worker := pidOf(t, out.next(t))
	if err := c.Wait(t.Context()); err == nil {
		t.Error("exit status 7 is no error")
	}
	waitGone(t, worker)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	c := start(t, child.Config{}, "sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v", err)
	}
	if c.State() != nil {
		t.Error("a state while it runs")
	}
}

func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			c, err := child.Start(child.Config{Path: "sleep", Args: []string{"1000"}, Stdout: io.Discard})
			if err != nil {
				t.Error(err)
				return
			}
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					if err := c.Stop(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			if alive(c.Pid()) {
				t.Errorf("process %d is still there", c.Pid())
			}
		})
	}
	all.Wait()
}

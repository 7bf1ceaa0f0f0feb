package child_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/child"
)

func TestUsageCountsTheTree(t *testing.T) {
	out := newLines()
	// A busy worker, and a grandchild that burns time and is waited for.
	c := start(t, child.Config{Stdout: out},
		`sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; sleep 1000 & echo ready; wait`)
	out.next(t)
	u, err := c.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if u.Processes != 2 || u.Threads != 2 {
		t.Errorf("%d processes with %d threads, want 2 and 2", u.Processes, u.Threads)
	}
	if u.RSS < 10<<10 || u.RSS > 64<<20 {
		t.Errorf("memory %d bytes", u.RSS)
	}
	if u.CPU == 0 || u.CPU > time.Minute {
		t.Errorf("processor time %v, the waited-for shell's is missing", u.CPU)
	}
	if u.Descriptors < 6 { // three each
		t.Errorf("%d descriptors", u.Descriptors)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Usage(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("usage after the end: %v", err)
	}
}

func TestMeasureOurselves(t *testing.T) {
	before, err := child.Measure(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	after, err := child.Measure(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after.Descriptors != before.Descriptors+1 {
		t.Errorf("descriptors %d, then %d with one more open", before.Descriptors, after.Descriptors)
	}
	if after.CPU < before.CPU {
		t.Errorf("processor time fell from %v to %v", before.CPU, after.CPU)
	}
}

func TestListensTellsOursFromOthers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	c := start(t, child.Config{}, "sleep 1000")
	if ok, err := c.Listens(port); ok || err != nil {
		t.Errorf("Listens(%d) = %v, %v for somebody else's port", port, ok, err)
	}
}

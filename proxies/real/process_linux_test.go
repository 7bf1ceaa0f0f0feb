package real_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// A program dies with us even when we are killed, workers and all.
func TestProgramsDieWithUs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // nobody is left to remove the directory
	stock(t, func(t *testing.T, p proxies.Proxy) {
		parent := exec.CommandContext(t.Context(), os.Args[0])
		parent.Env = append(os.Environ(), asParent+"="+p.Name())
		parent.Stderr = os.Stderr
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		defer parent.Wait()
		defer parent.Process.Kill()
		dir, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		dir = strings.TrimSpace(dir)
		// Of a program that runs as nobody it lies elsewhere.
		defer os.RemoveAll(dir)
		if n := len(runningIn(t, dir)); n < fewest(p) {
			t.Fatalf("%d processes; want %d at least", n, fewest(p))
		}
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			left := runningIn(t, dir)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("processes %v are still there", left)
			}
		}
	})
}

// runningIn returns the processes whose working directory is dir.
func runningIn(t *testing.T, dir string) []string {
	t.Helper()
	var pids []string
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		if cwd, err := os.Readlink("/proc/" + entry.Name() + "/cwd"); err == nil && cwd == dir {
			pids = append(pids, entry.Name())
		}
	}
	return pids
}

// processes returns an instance's processes, at least so many.
func processes(t *testing.T, in *real.Instance, fewest int) []string {
	t.Helper()
	pids := runningIn(t, in.Dir())
	if len(pids) < fewest {
		t.Errorf("processes %v; want %d at least", pids, fewest)
	}
	return pids
}

// ended waits until the process is gone: what was killed with the group of the
// program may take a moment longer than the program itself.
func ended(t *testing.T, pid string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); running(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("process %s is still there", pid)
			return
		}
	}
}

func running(pid string) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

package child_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/cometbench/cometbench/internal/child"
)

// orphanArg makes the test binary a parent that never stops its child.
const orphanArg = "-start-and-hang"

// startAndHang prints the numbers of a child and its worker and waits to be
// killed. The child is a shell that ends its worker when it is asked to end, as
// servers with workers do.
func startAndHang(deathSignal string) {
	cfg := child.Config{
		Path: "/bin/sh",
		// The worker speaks for itself: before its exec it is a copy of the shell,
		// handler of TERM included.
		Args:   []string{"-c", `trap 'kill $!; exit' TERM; sh -c 'echo '$$' $$; exec sleep 1000' & wait`},
		Stdout: os.Stdout,
	}
	if deathSignal != "KILL" {
		cfg.DeathSignal = syscall.SIGTERM
	}
	if deathSignal == "TERM as somebody else" {
		cfg.UID, cfg.GID, cfg.Dir = nobody, nobody, "/"
	}
	// A thread that ends must not take the child along: run the start from a
	// goroutine that ends locked to its thread.
	errs := make(chan error)
	go func() {
		runtime.LockOSThread()
		_, err := child.Start(cfg)
		errs <- err
	}()
	if err := <-errs; err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {}
}

const nobody = 65534

func TestChildDiesWithUs(t *testing.T) {
	for _, signal := range []string{"KILL", "TERM", "TERM as somebody else"} {
		t.Run(signal, func(t *testing.T) {
			if strings.Contains(signal, "else") && os.Geteuid() != 0 {
				t.Skip("only root can choose whom a program runs as")
			}
			parent := exec.Command(os.Args[0], orphanArg, signal)
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			defer parent.Wait()
			defer parent.Process.Kill()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			leader, rest, _ := strings.Cut(line, " ")
			worker := pidOf(t, rest)
			defer syscall.Kill(worker, syscall.SIGKILL)
			if info, err := os.Stat("/proc/" + leader); err == nil && strings.Contains(signal, "else") {
				if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody {
					t.Errorf("it runs as user %d", uid)
				}
			}
			if !alive(pidOf(t, leader)) || !alive(worker) {
				t.Fatal("the child did not outlive the thread that asked for it")
			}
			if err := parent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			waitGone(t, pidOf(t, leader))
			if signal != "KILL" {
				waitGone(t, worker)
			}
		})
	}
}

//go:build linux

package browsers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// pid is the browser's, once it runs.
func (b *Browser) pid(t *testing.T) int {
	t.Helper()
	pid := b.running()
	if pid == 0 {
		t.Fatal("no browser runs")
	}
	return pid
}

// profile finds the profile directory of a browser, which all its processes
// have on their command line.
func profile(t *testing.T, pid int) string {
	t.Helper()
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	for arg := range bytes.SplitSeq(line, []byte{0}) {
		if dir, ok := strings.CutPrefix(string(arg), "--user-data-dir="); ok {
			return dir
		}
	}
	t.Fatal("the browser has no profile directory")
	return ""
}

// family returns the processes of a browser: its group, and whoever names its
// profile. Those that ended and were not waited for do not count.
func family(group int, profile string) []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state ppid pgrp …; the name may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 3 || fields[0] == "Z" {
			continue
		}
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if fields[2] == strconv.Itoa(group) || strings.Contains(string(line), profile) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// emptied waits until nothing of a browser is left.
func emptied(t *testing.T, group int, profile string) {
	t.Helper()
	ctx := within(t)
	for left := family(group, profile); len(left) > 0; left = family(group, profile) {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("processes %v are left", left)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	c := newChromium(t, Options{})
	o := newOrigin(t)
	receive(t, c, subscription("eventsource", o.url("eventsource")), id("e-1"))
	pid := c.pid(t)
	dir := profile(t, pid)
	if n := len(family(pid, dir)); n < 2 {
		t.Fatalf("a running browser has %d processes", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if left := family(pid, dir); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the profile %s is left: %v", dir, err)
	}
	if err := c.Subscribe(t.Context(), subscription("eventsource", o.url("eventsource")), func(measure.Event) {}); err == nil {
		t.Error("a closed client subscribed")
	}
}

func TestCrashIsAnErrorAndTheNextBrowserWorks(t *testing.T) {
	c := newChromium(t, Options{})
	o := newOrigin(t)
	s := subscription("eventsource", o.url("eventsource"))
	var first int
	err := c.Subscribe(within(t), s, func(e measure.Event) {
		if id("e-1")(e) {
			first = c.pid(t)
			_ = syscall.Kill(first, syscall.SIGKILL)
		}
	})
	if err == nil {
		t.Fatal("a killed browser is no error")
	}
	t.Log(err)
	receive(t, c, s, id("e-5"))
	if second := c.pid(t); second == first {
		t.Error("the killed browser still runs")
	}
	emptied(t, first, "no such profile")
}

func TestCrashedPageIsAnError(t *testing.T) {
	c := newChromium(t, Options{})
	o := newOrigin(t)
	s := subscription("eventsource", o.url("eventsource"))
	err := c.Subscribe(within(t), s, func(e measure.Event) {
		if !id("e-1")(e) {
			return
		}
		for _, pid := range family(c.pid(t), "no such profile") {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if bytes.Contains(line, []byte("--type=renderer")) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	if err == nil {
		t.Fatal("a killed page is no error")
	}
	t.Log(err)
	receive(t, c, s, id("e-5"))
}

// A program that is killed cannot clean up; the kernel does it.
func TestKilledProgramLeavesNoBrowser(t *testing.T) {
	newChromium(t, Options{}) // or skip
	o := newOrigin(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), childVariable+"="+o.url("eventsource"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	dir := profile(t, pid)
	defer os.RemoveAll(dir)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	emptied(t, pid, dir)
}

func TestHungBrowserIsReplaced(t *testing.T) {
	c := newChromium(t, Options{AnswerWithin: time.Second})
	o := newOrigin(t)
	s := subscription("eventsource", o.url("eventsource"))
	var first int
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	err := c.Subscribe(ctx, s, func(e measure.Event) {
		if id("e-1")(e) {
			first = c.pid(t)
			_ = syscall.Kill(-first, syscall.SIGSTOP)
			leave()
		}
	})
	if !errors.Is(err, errHung) {
		t.Fatalf("got %v, want %v", err, errHung)
	}
	emptied(t, first, "no such profile")
	c.options.AnswerWithin = 15 * time.Second // for the process to come
	receive(t, c, s, id("e-5"))
}

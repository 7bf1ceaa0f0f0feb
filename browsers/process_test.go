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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// last is the pid of the process that a browser started last.
func (b *Browser) last(t *testing.T) int {
	t.Helper()
	pid := b.lastPid()
	if pid == 0 {
		t.Fatal("no browser runs")
	}
	return pid
}

// profiles finds the directories that a browser has made for itself: those
// that its processes have on their command lines or in their environment.
func profiles(t *testing.T, pid int) []string {
	t.Helper()
	var dirs []string
	for _, p := range family(pid, "") {
		for _, file := range []string{"cmdline", "environ"} {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p, file))
			for _, dir := range profile.FindAllString(string(text), -1) {
				if !slices.Contains(dirs, dir) {
					dirs = append(dirs, dir)
				}
			}
		}
	}
	if len(dirs) == 0 {
		t.Fatal("the browser has no profile directory")
	}
	return dirs
}

// profile recognises such a directory.
var profile = regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `/(cometbench-\w+-|chromedp-runner)\d+`)

// family returns the processes of a browser: its group, its descendants, and
// whoever names its profile. Those that ended and were not waited for do not
// count.
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
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		if fields[2] == strconv.Itoa(group) || profile != "" && (strings.Contains(string(line), profile) || strings.Contains(string(env), profile)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// emptied waits until nothing of a browser is left.
func emptied(t *testing.T, group int, dirs ...string) {
	t.Helper()
	ctx := within(t)
	for _, dir := range append(dirs, "no such profile") {
		for left := family(group, dir); len(left) > 0; left = family(group, dir) {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				t.Fatalf("processes %v are left", left)
			}
		}
	}
}

// own runs a test in a browser of its own, one after the other: in Chromium,
// and in the others, which take seconds to start, where make browsers asks.
func own(t *testing.T, o Options, test func(t *testing.T, b *Browser)) {
	t.Helper()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			if name != "chromium" && os.Getenv(runsVariable) == "" {
				t.Skip(runsVariable + " is not set: in Chromium alone")
			}
			test(t, newBrowser(t, name, o))
		})
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	own(t, Options{}, func(t *testing.T, b *Browser) {
		o := newOrigin(t)
		var pid int
		var dirs []string
		receive(t, b, subscription("eventsource", o.url("eventsource")), func(e measure.Event) bool {
			if id("e-1")(e) {
				pid = b.last(t)
				dirs = profiles(t, pid)
				if n := len(family(pid, dirs[0])); n < 2 {
					t.Errorf("a running browser has %d processes", n)
				}
			}
			return id("e-1")(e)
		})
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			if left := family(pid, dir); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the profile %s is left: %v", dir, err)
			}
		}
		if err := b.Subscribe(t.Context(), subscription("eventsource", o.url("eventsource")), func(measure.Event) {}); err == nil {
			t.Error("a closed client subscribed")
		}
	})
}

// fails subscribes, does harm at the first message, and expects an error; then
// that the next subscription is served as if nothing had been.
func fails(t *testing.T, b *Browser, harm func(pid int)) error {
	t.Helper()
	o := newOrigin(t)
	s := subscription("eventsource", o.url("eventsource"))
	var first int
	err := b.Subscribe(within(t), s, func(e measure.Event) {
		if id("e-1")(e) {
			first = b.last(t)
			harm(first)
		}
	})
	if err == nil {
		t.Fatal("a browser that came to harm is no error")
	}
	t.Log(err)
	receive(t, b, s, id("e-5"))
	return err
}

func TestCrashIsAnErrorAndTheNextBrowserWorks(t *testing.T) {
	own(t, Options{}, func(t *testing.T, b *Browser) {
		var first int
		fails(t, b, func(pid int) {
			first = pid
			_ = syscall.Kill(pid, syscall.SIGKILL)
		})
		if second := b.last(t); second == first {
			t.Error("the killed browser still runs")
		}
		emptied(t, first)
	})
}

// renderers are what browsers call the processes of pages on their command
// lines.
var renderers = map[string]string{"chromium": "--type=renderer", "firefox": "-isForBrowser", "webkit": "WebKitWebProcess"}

func TestCrashedPageIsAnError(t *testing.T) {
	own(t, Options{}, func(t *testing.T, b *Browser) {
		fails(t, b, func(pid int) { signalPages(b, pid, syscall.SIGKILL) })
	})
}

func signalPages(b *Browser, pid int, s syscall.Signal) {
	for _, p := range family(pid, "") {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p))
		if bytes.Contains(line, []byte(renderers[b.Name()])) {
			_ = syscall.Kill(p, s)
		}
	}
}

// A page that hangs shows no messages; when the client leaves, that must not
// pass for a path that brought none.
func TestHungPageIsAnError(t *testing.T) {
	own(t, Options{AnswerWithin: time.Second}, func(t *testing.T, b *Browser) {
		o := newOrigin(t)
		ctx, leave := context.WithCancel(within(t))
		defer leave()
		var first int
		err := b.Subscribe(ctx, subscription("eventsource", o.url("eventsource")), func(e measure.Event) {
			if id("e-1")(e) {
				first = b.last(t)
				signalPages(b, first, syscall.SIGSTOP)
				leave()
			}
		})
		if !errors.Is(err, errHung) {
			t.Errorf("got %v, want %v", err, errHung)
		}
		emptied(t, first)
		b.options.AnswerWithin = 15 * time.Second // for the process to come
		receive(t, b, subscription("eventsource", o.url("eventsource")), id("e-5"))
	})
}

// A connection to the browser that breaks is as good as a crash.
func TestLostControlConnectionIsAnError(t *testing.T) {
	b := newBrowser(t, "firefox", Options{})
	err := fails(t, b, func(int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.processes[launch{}].process.(*firefoxProcess).bidi.conn.CloseNow()
	})
	if !strings.Contains(err.Error(), "hung up") {
		t.Errorf("got %v", err)
	}
}

// A program that is killed cannot clean up; the kernel does it.
func TestKilledProgramLeavesNoBrowser(t *testing.T) {
	own(t, Options{}, func(t *testing.T, b *Browser) {
		o := newOrigin(t)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := exec.Command(self)
		child.Env = append(os.Environ(), childVariable+"="+o.url("eventsource"), childBrowser+"="+b.Name())
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
		dirs := profiles(t, pid)
		for _, dir := range dirs {
			defer os.RemoveAll(dir)
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		emptied(t, pid, dirs...)
	})
}

// A page that never gives back the processor is a browser that hangs.
func TestHungBrowserIsReplaced(t *testing.T) {
	own(t, Options{AnswerWithin: time.Second}, func(t *testing.T, b *Browser) {
		o := newOrigin(t)
		s := subscription("eventsource", o.url("eventsource"))
		var first int
		ctx, leave := context.WithCancel(within(t))
		defer leave()
		err := b.Subscribe(ctx, s, func(e measure.Event) {
			if id("e-1")(e) {
				first = b.last(t)
				_ = syscall.Kill(-first, syscall.SIGSTOP)
				if b.engine.sharesProcess() {
					leave() // it does not let go of the context
				}
			}
		})
		if !errors.Is(err, errHung) {
			t.Fatalf("got %v, want %v", err, errHung)
		}
		emptied(t, first)
		b.options.AnswerWithin = 15 * time.Second // for the process to come
		receive(t, b, s, id("e-5"))
	})
}

// Many runs, some of which end badly, leave no process and no profile: make
// browsers asks for a hundred.
func TestRunsLeaveNothing(t *testing.T) {
	runs, err := strconv.Atoi(os.Getenv(runsVariable))
	if err != nil {
		t.Skip(runsVariable + " is not set to a number of runs")
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			for n := range runs {
				leavesNothing(t, name, n)
			}
		})
	}
}

// leavesNothing starts a browser, ends it in one way or another, and looks.
func leavesNothing(t *testing.T, name string, n int) {
	t.Helper()
	b, err := New(t.Context(), name, Options{})
	skipWithout(t, err)
	o := newOrigin(t)
	defer o.Server.Close()
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	var pid int
	var dirs []string
	err = b.Subscribe(ctx, subscription("eventsource", o.url("eventsource")), func(e measure.Event) {
		if !id("e-1")(e) {
			return
		}
		pid = b.last(t)
		dirs = profiles(t, pid)
		if n%2 == 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return
		}
		leave()
	})
	if (err != nil) != (n%2 == 1) {
		t.Errorf("run %d: %v", n, err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("run %d: %v", n, err)
	}
	emptied(t, pid, dirs...)
	for _, dir := range dirs {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("run %d: the profile %s is left: %v", n, dir, err)
		}
	}
}

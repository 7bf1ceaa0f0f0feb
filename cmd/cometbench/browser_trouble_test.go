//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// everyTrouble switches on what make browsers runs: every engine comes to every
// harm, which takes minutes, as a page that hangs is given time.
const everyTrouble = "COMETBENCH_BROWSER_RUNS"

// trouble is one way in which a browser comes to harm in the middle of a run.
type trouble struct {
	client string
	name   string
	strike func(b *victim) error
	fatal  bool // the browser has to be started again
	short  bool // it is part of the ordinary tests
}

func troubles() []trouble {
	all := []trouble{{"firefox", "loses its control connection", (*victim).disconnect, true, false}}
	for _, client := range browsers.Names() {
		all = append(all,
			trouble{client, "crashes", (*victim).kill, true, client == "chromium"},
			trouble{client, "has its page crash", (*victim).killPages, client != "chromium", false},
			trouble{client, "hangs in its page", (*victim).stopPages, true, false},
			trouble{client, "hangs", (*victim).stop, true, false})
	}
	return all
}

// A browser that comes to harm whenever one technique goes along one path: its
// cell says that the measurement failed, every time another browser takes over,
// the other cells are measured, the exit code is 3, and nothing is left.
func TestBrowserInTroubleDuringARun(t *testing.T) {
	for _, tr := range troubles() {
		t.Run(tr.client+" "+tr.name, func(t *testing.T) {
			if !tr.short && os.Getenv(everyTrouble) == "" {
				t.Skip("make browsers runs it: it takes minutes")
			}
			if _, err := browsers.New(t.Context(), tr.client, browsers.Options{}); err != nil {
				t.Skip(err)
			}
			runInTrouble(t, tr)
		})
	}
}

func runInTrouble(t *testing.T, tr trouble) {
	origin, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	path := newVandal(t, origin, tr.strike)
	via := "reverse:" + path.URL
	out := t.TempDir()
	cmd := exec.Command(filepath.Join(binDir, "cometbench"), "run", "--quiet", "--out", out, "--origin-listen", origin,
		"--technique", "eventsource,websocket", "--proxy", "direct,"+via, "--client", "go,"+tr.client, "--check", "ending/abort")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	path.watch(cmd.Process.Pid)
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitHarness {
		t.Errorf("the run ended with %v, want exit code %d", err, exitHarness)
	}
	run, err := measure.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, c := range run.Cells {
		cells++
		want := measure.Works
		if c.Client == tr.client && c.Technique == "eventsource" && c.Proxy == via {
			want = measure.HarnessFailed
			t.Log(c.Reason)
		}
		if c.Verdict != want || want == measure.HarnessFailed && !strings.Contains(c.Reason, tr.client) {
			t.Errorf("%s: %s (%s), want %s", c.Labels, c.Verdict, c.Reason, want)
		}
	}
	if cells != 8 {
		t.Errorf("%d cells, want 8", cells)
	}
	path.mu.Lock()
	defer path.mu.Unlock()
	if path.strikes < 2 || tr.fatal && len(path.struck) < 2 {
		t.Errorf("browsers %v came to harm, %d times; %v", path.struck, path.strikes, path.failed)
	}
	for _, pid := range path.struck {
		if left := group(pid); len(left) > 0 {
			t.Errorf("processes %v of browser %d are left", left, pid)
		}
	}
	if t.Failed() {
		t.Log(printed.String())
	}
}

// vandal is a reverse proxy that harms the browser of a run as soon as its page
// subscribes by eventsource.
type vandal struct {
	*httptest.Server
	run chan int // the run's process

	mu      sync.Mutex
	strikes int
	struck  []int // processes of browsers, each once
	failed  []error
}

func newVandal(t *testing.T, origin string, strike func(*victim) error) *vandal {
	t.Helper()
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: origin})
	pass.FlushInterval = -1
	pass.ErrorLog = log.New(io.Discard, "", 0) // the browser goes in the middle of things
	v := &vandal{run: make(chan int, 1)}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/t/eventsource") && strings.HasPrefix(r.UserAgent(), "Mozilla/") {
			v.harm(strike)
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Server.Close)
	return v
}

// watch says whose browser it is.
func (v *vandal) watch(run int) { v.run <- run }

func (v *vandal) harm(strike func(*victim) error) {
	run := <-v.run
	v.run <- run
	all := findVictims(run)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, b := range all {
		if err := strike(b); err != nil {
			v.failed = append(v.failed, err)
			continue
		}
		v.strikes++
		if !slices.Contains(v.struck, b.pid) {
			v.struck = append(v.struck, b.pid)
		}
	}
}

// victim is a browser of a run.
type victim struct{ run, pid int }

// browserPrograms are what the processes are called that a run starts for its
// browsers. Of WebKit there is one for each subscription, and it does not show
// for which.
var browserPrograms = []string{"chrom", "firefox", "WebKitWebDriver"}

func findVictims(run int) []*victim {
	var out []*victim
	for _, p := range processes() {
		isBrowser := func(name string) bool { return strings.Contains(p.line, name) }
		if p.parent == run && slices.ContainsFunc(browserPrograms, isBrowser) {
			out = append(out, &victim{run, p.pid})
		}
	}
	return out
}

func (b *victim) kill() error { return syscall.Kill(b.pid, syscall.SIGKILL) }
func (b *victim) stop() error { return syscall.Kill(-b.pid, syscall.SIGSTOP) }

func (b *victim) killPages() error { return b.signalPages(syscall.SIGKILL) }
func (b *victim) stopPages() error { return b.signalPages(syscall.SIGSTOP) }

// pagesOf is how the processes of pages are told from the others.
var pagesOf = []string{"--type=renderer", "-isForBrowser", "WebKitWebProcess"}

func (b *victim) signalPages(s syscall.Signal) error {
	n := 0
	for _, p := range group(b.pid) {
		if slices.ContainsFunc(pagesOf, func(mark string) bool { return strings.Contains(p.line, mark) }) {
			n++
			if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
	}
	if n == 0 {
		return fmt.Errorf("browser %d has no page", b.pid)
	}
	return nil
}

// disconnect shuts the run's connection to a Firefox, which says in its profile
// where it listens.
func (b *victim) disconnect() error {
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", b.pid))
	if err != nil {
		return err
	}
	words := strings.Split(string(args), "\x00")
	profile := slices.Index(words, "--profile")
	if profile < 0 {
		return fmt.Errorf("browser %d has no profile: %q", b.pid, words)
	}
	text, err := os.ReadFile(filepath.Join(words[profile+1], "WebDriverBiDiServer.json"))
	if err != nil {
		return err
	}
	var server struct {
		Port int `json:"ws_port"`
	}
	if err := json.Unmarshal(text, &server); err != nil {
		return err
	}
	pidfd, err := unix.PidfdOpen(b.run, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pidfd)
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", b.run))
	if err != nil {
		return err
	}
	for _, entry := range fds {
		number, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		fd, err := unix.PidfdGetfd(pidfd, number, 0)
		if err != nil {
			continue // it is closed by now
		}
		peer, err := unix.Getpeername(fd)
		if in, ok := peer.(*unix.SockaddrInet4); err == nil && ok && in.Port == server.Port {
			err = unix.Shutdown(fd, unix.SHUT_RDWR)
			unix.Close(fd)
			return err
		}
		unix.Close(fd)
	}
	return fmt.Errorf("run %d has no connection to port %d", b.run, server.Port)
}

// process is what the kernel tells of one.
type process struct {
	pid, parent, group int
	line               string // its command line
}

// processes lists those that have not ended.
func processes() []process {
	entries, _ := os.ReadDir("/proc")
	var out []process
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
		parent, _ := strconv.Atoi(fields[1])
		group, _ := strconv.Atoi(fields[2])
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		out = append(out, process{pid, parent, group, string(line)})
	}
	return out
}

// group lists the processes of a group.
func group(id int) []process {
	return slices.DeleteFunc(processes(), func(p process) bool { return p.group != id })
}

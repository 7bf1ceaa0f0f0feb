package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// nodeSecret is what /auth of a started server wants as a bearer token.
const nodeSecret = "open-sesame"

// startNode starts the foreign application of testdata/node and returns its
// base URL, without a slash at the end. It stops the server when the test ends.
// Without a Node that can run it the test is skipped.
func startNode(t testing.TB) (baseURL string) {
	t.Helper()
	return startNodeServer(t).url
}

// findNode returns the path of a Node that has what the server uses, or why
// there is none.
var findNode = sync.OnceValues(func() (path, lack string) {
	path, err := exec.LookPath("node")
	if err != nil {
		return "", "needs node (Debian package nodejs)"
	}
	out, err := exec.Command(path, "--version").Output()
	version := strings.TrimSpace(string(out))
	var major, minor int
	if _, perr := fmt.Sscanf(version, "v%d.%d.", &major, &minor); err != nil || perr != nil || major < 18 || (major == 18 && minor < 17) {
		return "", fmt.Sprintf("needs node 18.17 or later (Debian package nodejs), found %q", version)
	}
	return path, ""
})

// nodeServer is a running server.
type nodeServer struct {
	t     testing.TB
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
	print bytes.Buffer // what it printed as errors; read it after wait
	wait  func() error
}

func startNodeServer(t testing.TB) *nodeServer {
	t.Helper()
	node, lack := findNode()
	if lack != "" {
		t.Skip(lack)
	}
	s := &nodeServer{t: t, cmd: exec.Command(node, "testdata/node/server.js")}
	s.cmd.Env = append(os.Environ(), "APP_SECRET="+nodeSecret)
	s.cmd.Stderr = &s.print
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.wait = sync.OnceValue(s.cmd.Wait)
	t.Cleanup(s.stop)
	var said struct{ Port int }
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &said)
	}
	if err != nil || said.Port == 0 {
		t.Fatalf("node said %q, want its port: %v", line, err)
	}
	s.url = fmt.Sprintf("http://127.0.0.1:%d", said.Port)
	return s
}

// stop closes the server's standard input, on which it exits.
func (s *nodeServer) stop() {
	s.stdin.Close()
	if err := s.exited(); err != nil {
		s.t.Errorf("node: %v\n%s", err, &s.print)
	}
}

// exited waits for the end, and kills what does not end.
func (s *nodeServer) exited() error {
	kill := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() }) // fails when it has ended
	defer kill.Stop()
	return s.wait()
}

func TestNodeServerEndsOnSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	s := startNodeServer(t)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.exited(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

package sockjsprotocol_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// node returns the program, or skips.
func node(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs node (Debian package nodejs)")
	}
	if _, err := os.Stat("testdata/node/node_modules/sockjs"); err != nil {
		t.Skip("needs the package of testdata/node (make npm; Debian package npm)")
	}
	return path
}

// script runs one of testdata/node and stops it, by ending its standard input,
// when the test ends.
func script(t *testing.T, name string, args ...string) (stdout io.Reader) {
	t.Helper()
	cmd := exec.Command(node(t), append([]string{"testdata/node/" + name}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // the child has its own
	t.Cleanup(func() {
		_ = stdin.Close()
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil || complaint.Len() > 0 {
			t.Errorf("node %s: %v\n%s", name, err, &complaint)
		}
		_ = r.Close()
	})
	return r
}

// startNode starts the services on sockjs-node.
func startNode(t *testing.T) (address string) {
	t.Helper()
	line, err := bufio.NewReader(script(t, "server.js")).ReadString('\n')
	if err != nil {
		t.Fatalf("node did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const ciExample = "../../ci/example-nginx"

// pipelineLines are the commands of an example's gate: a block of GitHub's, or
// the list of GitLab's.
func pipelineLines(t *testing.T, file, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(ciExample, file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), from)
	block, _, ends := strings.Cut(rest, to)
	if !found || !ends {
		t.Fatalf("%s has no gate between %q and %q", file, from, to)
	}
	var lines []string
	for line := range strings.Lines(block) {
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	if len(lines) < 4 {
		t.Fatalf("%s: the gate is %q", file, lines)
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestExampleGate runs the lines of each pipeline as they stand, but for the
// port: the example's configuration passes, and one that lost the line against
// buffering fails, with what to restore.
func TestExampleGate(t *testing.T) {
	t.Parallel()
	for program, debian := range map[string]string{"nginx": "nginx-light", "curl": "curl", "bash": "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s (Debian package %s)", program, debian)
		}
	}
	const restore = "proxy_buffering off;"
	for name, lines := range map[string]string{
		"GitHub": pipelineLines(t, "github.yml", "      - name: gate\n        run: |\n", "      - name: report\n"),
		"GitLab": pipelineLines(t, "gitlab.yml", "  script:\n", "  artifacts:\n"),
	} {
		for _, sound := range []bool{true, false} {
			t.Run(map[bool]string{true: "passes on ", false: "fails on "}[sound]+name, func(t *testing.T) {
				t.Parallel()
				dir, address := t.TempDir(), freeAddress(t)
				for _, file := range []string{"nginx.conf", "app.yaml"} {
					text, err := os.ReadFile(filepath.Join(ciExample, file))
					if err != nil {
						t.Fatal(err)
					}
					if file == "nginx.conf" && !strings.Contains(string(text), restore) {
						t.Fatalf("nginx.conf has no line %s", restore)
					}
					if !sound {
						text = bytes.ReplaceAll(text, []byte(restore), nil)
					}
					text = bytes.ReplaceAll(text, []byte("127.0.0.1:8080"), []byte(address))
					if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", strings.ReplaceAll(lines, "127.0.0.1:8080", address)) // as GitHub does
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+binDir+string(os.PathListSeparator)+os.Getenv("PATH"))
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				err := cmd.Run()
				var exit *exec.ExitError
				switch {
				case sound && err != nil:
					t.Errorf("the gate fails: %v\n%s", err, &stderr)
				case !sound && (!errors.As(err, &exit) || exit.ExitCode() != exitGate || !strings.Contains(stderr.String(), "In nginx (in the location): "+restore)):
					t.Errorf("without %s: %v\n%s", restore, err, &stderr)
				}
				for _, file := range []string{"results.jsonl", "junit.xml", "summary.md"} {
					if _, err := os.Stat(filepath.Join(dir, "streaming-run", file)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs every command in the README's sh blocks as a newcomer
// would, in order, in a fresh directory.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ran := 0
	inBlock := false
	for line := range strings.Lines(strings.ReplaceAll(string(readme), "\\\n", "")) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inBlock = line == "```sh"
			continue
		case !inBlock || line == "":
			continue
		}
		ran++
		command := strings.Replace(line, "go run ./cmd/cometbench", "cometbench", 1)
		if !strings.HasPrefix(command, "cometbench ") {
			t.Errorf("what is this: %q", line)
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+binDir+string(os.PathListSeparator)+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if ran < 8 {
		t.Errorf("ran %d commands of the README, want at least 8", ran)
	}
	for _, file := range []string{"cometbench-out/nginx/report.html", "cometbench-out/app/report.html", "cometbench-out/idle/summary.md"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

// TestReadmeIndented looks at the commands that a test cannot run (they run
// until interrupted, or need a proxy that is there): their flags must exist.
func TestReadmeIndented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(readme)) {
		command, ok := strings.CutPrefix(line, "    cometbench ")
		if !ok {
			continue
		}
		seen++
		words := strings.Fields(command)
		cmd, _, err := rootCommand().Find(words[:1])
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		for _, w := range words {
			if name, ok := strings.CutPrefix(w, "--"); ok && cmd.Flags().Lookup(name) == nil {
				t.Errorf("%q: no flag --%s", line, name)
			}
		}
	}
	if seen < 5 {
		t.Errorf("saw %d commands, want at least 5", seen)
	}
}

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stage is one stage of an image's file: its instructions, continued lines
// joined.
type stage struct {
	from, name   string
	instructions [][2]string // RUN, COPY … with the rest
}

func readDockerfile(t *testing.T, path string) []stage {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.ReplaceAll(regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(text), ""), "\\\n", "")
	var out []stage
	for line := range strings.Lines(joined) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "":
		case word == "FROM":
			from, name, _ := strings.Cut(rest, " AS ")
			out = append(out, stage{from: from, name: name})
		case len(out) == 0:
			t.Fatalf("%s: %s stands before FROM", path, word)
		default:
			last := &out[len(out)-1]
			last.instructions = append(last.instructions, [2]string{word, rest})
		}
	}
	return out
}

// sources copies what git tracks, or would, into a clean directory, as a build
// of the image receives it.
func sources(t *testing.T, to string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Skipf("git does not list the sources: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if os.IsNotExist(err) {
			continue // deleted, not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestImage takes the steps of ci/Dockerfile as far as they go without an
// engine for containers: what is built, in a clean copy of the sources; what
// is copied, that it is there; what is installed, that Debian has it. The
// build compiles everything anew, so make release-check asks for it.
func TestImage(t *testing.T) {
	t.Parallel()
	stages := readDockerfile(t, "../../ci/Dockerfile")
	if len(stages) != 2 || stages[0].name != "build" || stages[1].from != "debian:bookworm-slim" {
		t.Fatalf("stages: %+v", stages)
	}
	root := t.TempDir()
	sources(t, filepath.Join(root, "src"))
	for _, s := range stages {
		for _, i := range s.instructions {
			words := strings.Fields(i[1])
			if i[0] != "COPY" || words[0] == "--from=build" {
				continue
			}
			for _, name := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, "src", name)); err != nil {
					t.Errorf("COPY %s: %v", i[1], err)
				}
			}
		}
	}
	t.Run("packages", func(t *testing.T) { debianHas(t, filepath.Join(root, "src")) })
	t.Run("build", func(t *testing.T) {
		if os.Getenv("COMETBENCH_RELEASE") == "" {
			t.Skip("compiles everything anew; make release-check does it")
		}
		buildStage(t, root, stages)
	})
}

// buildStage runs the first stage and looks for what the second takes over.
func buildStage(t *testing.T, root string, stages []stage) {
	place := strings.NewReplacer("/src", filepath.Join(root, "src"), "/out", filepath.Join(root, "out"))
	env := map[string]string{"GOPROXY": "off", "GOFLAGS": "-buildvcs=false"} // the modules are here already
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env[name] = strings.TrimSpace(string(value))
	}
	for _, i := range stages[0].instructions {
		if i[0] != "RUN" || i[1] == "go mod download" {
			continue
		}
		if out, code := shell(t, filepath.Join(root, "src"), place.Replace(i[1]), env); code != 0 {
			t.Fatalf("RUN %s: %d\n%s", i[1], code, out)
		}
	}
	for _, i := range stages[1].instructions {
		if words := strings.Fields(i[1]); i[0] == "COPY" && words[0] == "--from=build" {
			if _, err := os.Stat(place.Replace(words[1])); err != nil {
				t.Errorf("COPY: %v", err)
			}
		}
	}
	if out, code := shell(t, root, filepath.Join(root, "out", "cometbench")+" doctor", nil); code != 0 || !strings.Contains(out, "nginx") {
		t.Errorf("the built program says %d\n%s", code, out)
	}
}

// debianHas looks for what the image installs in the lists of its Debian.
func debianHas(t *testing.T, src string) {
	release, err := os.ReadFile("/etc/os-release")
	if _, no := exec.LookPath("apt-cache"); no != nil || err != nil || !bytes.Contains(release, []byte("VERSION_CODENAME=bookworm")) {
		t.Skip("needs the package lists of the image's Debian 12")
	}
	names, code := shell(t, src, "bash ci/setup.sh --packages", nil)
	packages := strings.Fields(names)
	if code != 0 || len(packages) < 10 {
		t.Fatalf("setup.sh --packages: %d\n%s", code, names)
	}
	known, _ := shell(t, src, "apt-cache pkgnames", nil)
	all := map[string]bool{}
	for _, name := range strings.Fields(known) {
		all[name] = true
	}
	if !all["bash"] {
		t.Skip("the package lists are empty; apt-get update fetches them")
	}
	for _, name := range packages {
		if !all[name] {
			t.Errorf("Debian has no %s", name)
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type releaseFile struct {
	Version int
	Before  struct{ Hooks []string }
	Builds  []struct {
		Main, Binary string
		Env, Flags   []string
		LDFlags      []string `yaml:"ldflags"`
		GOOS, GOARCH []string
		ModTimestamp string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		Files []any
	}
	Checksum struct{ Algorithm string }
	SBOMs    []struct{ Artifacts string }
}

// TestRelease takes the steps of .goreleaser.yaml as goreleaser would: the
// hooks, in a clean copy of the sources, leave what the archives take; and
// each system has a build. To build them all takes minutes: make release-check.
func TestRelease(t *testing.T) {
	t.Parallel()
	var file releaseFile
	readYAML(t, "../../.goreleaser.yaml", &file)
	if file.Version != 2 || len(file.Builds) != 1 || file.Checksum.Algorithm != "sha256" || len(file.SBOMs) != 1 {
		t.Fatalf("%+v", file)
	}
	build := file.Builds[0]
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") {
		t.Errorf("the binaries are not static and the same everywhere: %v %v", build.Env, build.Flags)
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		if !slices.Contains(build.GOOS, system) {
			t.Errorf("no build for %s", system)
		}
	}
	if os.Getenv("COMETBENCH_RELEASE") == "" {
		t.Skip("the rest compiles for six systems; make release-check does it")
	}
	src := filepath.Join(t.TempDir(), "src")
	sources(t, src)
	env := map[string]string{"GOFLAGS": "-buildvcs=false"}
	for _, hook := range file.Before.Hooks {
		if out, code := shell(t, src, hook, env); code != 0 {
			t.Fatalf("%s: %d\n%s", hook, code, out)
		}
	}
	for _, f := range file.Archives[0].Files {
		pattern, _ := f.(string)
		if m, ok := f.(map[string]any); ok {
			pattern, _ = m["src"].(string)
		}
		if found, err := filepath.Glob(filepath.Join(src, pattern)); err != nil || len(found) == 0 {
			t.Errorf("the archives take %s, which is not there (%v)", pattern, err)
		}
	}
	for _, system := range build.GOOS {
		for _, arch := range build.GOARCH {
			command := "GOOS=" + system + " GOARCH=" + arch + " " + strings.Join(build.Env, " ") + " go build " + strings.Join(build.Flags, " ") +
				" -ldflags '" + strings.Join(build.LDFlags, " ") + "' -o out/" + system + "-" + arch + " " + build.Main
			if out, code := shell(t, src, command, env); code != 0 {
				t.Errorf("%s: %d\n%s", command, code, out)
			}
		}
	}
}

// Package cometbench_test holds the arrows of the design: who may import whom.
package cometbench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cometbench/cometbench"

// room is what the packages below a directory may import. The row with the
// longest matching directory counts.
type room struct {
	dir     string
	ours    []string // directories, with everything below them
	modules []string // third-party import paths, with everything below them
}

var rooms = []room{
	{dir: "cmd", ours: []string{"browsers", "internal", "proxies", "reference", "reports", "scenarios"},
		modules: []string{"github.com/schollz/progressbar/v3", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys", "golang.org/x/term"}},
	{dir: "reference", ours: []string{"reference", "internal"},
		modules: []string{"github.com/coder/websocket", "github.com/quic-go/quic-go", "github.com/quic-go/webtransport-go", "golang.org/x/net", "golang.org/x/sys"}},
	{dir: "proxies", ours: []string{"proxies", "internal"},
		modules: []string{"github.com/elazarl/goproxy", "github.com/goccy/go-yaml", "github.com/vishvananda/netlink", "github.com/vishvananda/netns", "golang.org/x/net", "golang.org/x/sys"}},
	{dir: "scenarios", ours: []string{"scenarios", "proxies", "reference", "internal"},
		modules: []string{"github.com/coder/websocket", "github.com/goccy/go-yaml", "golang.org/x/net", "golang.org/x/sync"}},
	{dir: "scenarios/load", ours: []string{"scenarios", "proxies", "reference", "internal"},
		modules: []string{"github.com/HdrHistogram/hdrhistogram-go", "github.com/tsenart/vegeta/v12", "golang.org/x/sync", "golang.org/x/sys"}},
	{dir: "scenarios/measure"}, // the leaf: not even internal
	{dir: "scenarios/compare", ours: []string{"scenarios/compare", "scenarios/measure"}, modules: []string{"golang.org/x/perf"}},
	{dir: "scenarios/suite", ours: []string{"scenarios/suite", "scenarios/measure", "internal"}, modules: []string{"github.com/goccy/go-yaml"}},
	{dir: "scenarios/clients", ours: []string{"scenarios/clients", "scenarios/measure", "internal"},
		modules: []string{"github.com/coder/websocket", "github.com/quic-go/quic-go", "github.com/quic-go/webtransport-go", "golang.org/x/net", "golang.org/x/sys"}},
	{dir: "browsers", ours: []string{"browsers", "scenarios/measure", "internal"},
		modules: []string{"github.com/chromedp/cdproto", "github.com/chromedp/chromedp", "github.com/coder/websocket", "github.com/goccy/go-yaml"}},
	{dir: "reports", ours: []string{"reports", "scenarios/measure", "internal"}},
	{dir: "internal", ours: []string{"internal"}, modules: []string{"golang.org/x/net", "golang.org/x/sys"}},
	{dir: "internal/nearest", modules: []string{"github.com/agext/levenshtein"}},
}

// forTests are the modules that tests may use anywhere.
var forTests = []string{"github.com/rogpeppe/go-internal", "go.uber.org/goleak", "github.com/coder/websocket", "golang.org/x/net", "github.com/santhosh-tekuri/jsonschema",
	"github.com/prometheus/prometheus/model", "github.com/chromedp/cdproto", "github.com/chromedp/chromedp",
	"github.com/goccy/go-yaml"}

// apart are the rules that hold for whatever a package imports, through others
// as well: the right may not become a part of the left. A client that shares
// code with the server's encoders agrees with every mistake in them.
var apart = []struct {
	dir  string
	from []string
}{
	{"scenarios/clients", []string{"reference", "proxies"}},
	{"browsers", []string{"reference", "proxies", "scenarios/clients"}},
	{"reports", []string{"reference", "proxies", "browsers", "scenarios/clients"}},
	{"proxies", []string{"reference", "scenarios", "browsers", "reports"}},
	{"reference", []string{"proxies", "scenarios", "browsers", "reports"}},
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

func TestImportsFollowTheArrows(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs go list for each system")
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			packages := list(t, system)
			if len(packages) < 5 {
				t.Fatalf("go list tells of %d packages only", len(packages))
			}
			for _, p := range packages {
				dir := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
				if dir == "" {
					continue // this test
				}
				r, ok := roomOf(dir)
				if !ok {
					t.Errorf("%s is in no room; add a row", dir)
					continue
				}
				for _, path := range p.Imports {
					if !r.allows(path) {
						t.Errorf("%s imports %s", dir, path)
					}
				}
				for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
					if self := inside(path, p.ImportPath); !self && !r.allows(path) && !anyInside(path, forTests) {
						t.Errorf("the tests of %s import %s", dir, path)
					}
				}
				checkApart(t, dir, p.Deps)
			}
		})
	}
}

func checkApart(t *testing.T, dir string, deps []string) {
	for _, rule := range apart {
		if !inside(dir, rule.dir) {
			continue
		}
		for _, other := range rule.from {
			if i := slices.IndexFunc(deps, func(d string) bool { return inside(d, module+"/"+other) }); i >= 0 {
				t.Errorf("%s depends on %s", dir, deps[i])
			}
		}
	}
}

func roomOf(dir string) (room, bool) {
	best, found := room{}, false
	for _, r := range rooms {
		if inside(dir, r.dir) && len(r.dir) > len(best.dir) {
			best, found = r, true
		}
	}
	return best, found
}

func (r room) allows(path string) bool {
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		return anyInside(ours, r.ours)
	}
	return anyInside(path, r.modules)
}

// inside reports whether path is dir or lies below it.
func inside(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func anyInside(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return inside(path, dir) })
}

// list runs go list over the module for one system.
func list(t *testing.T, system string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.Bytes())
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

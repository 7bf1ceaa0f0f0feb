package reports

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// axe is the script of the checker that testdata/axe pins, from the cache or
// from npm, which verifies it by the hash in the lock file.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no directory to keep axe-core in: %v", err)
	}
	lock, err := os.ReadFile("testdata/axe/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "cometbench", "axe")
	script := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if kept, err := os.ReadFile(filepath.Join(dir, "package-lock.json")); err != nil || string(kept) != string(lock) || !exists(script) {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skip("needs npm (Debian package npm) to fetch axe-core")
		}
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.CopyFS(dir, os.DirFS("testdata/axe"))); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			_ = os.Remove(filepath.Join(dir, "package-lock.json"))
			t.Skipf("npm does not fetch axe-core: %v\n%s", err, out)
		}
	}
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// violation is what the checker found.
type violation struct {
	ID, Impact, Help string
	Nodes            []string
}

// The checker finds nothing in any page, light or dark, wide or narrow, with
// every cell opened. It looks for the rules of WCAG 2.2 at levels A and AA,
// contrast among them, and for its own best practices.
func TestPagesAreAccessible(t *testing.T) {
	script, files := axe(t), pages(t)
	b := openBrowser(t)
	const run = `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0] || n.all[0] || n.none[0] || {message: ''}).message)})))`
	for _, name := range []string{"small", "comparison"} {
		for _, s := range screens() {
			b.show(files[name], s)
			evaluate[int](b, script+";0")
			for _, v := range evaluate[[]violation](b, run) {
				t.Errorf("%s at %s: %s (%s): %s %q", name, s, v.ID, v.Impact, v.Help, v.Nodes)
			}
		}
	}
}

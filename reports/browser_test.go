package reports

import (
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tab is a page of a headless Chromium that lives as long as one test.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// openBrowser starts a Chromium, or skips the test.
func openBrowser(t *testing.T) tab {
	t.Helper()
	binary := ""
	for _, name := range []string{"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "chrome-headless-shell", "headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		t.Skip("needs a headless Chromium (Debian package chromium-headless-shell)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.NoSandbox)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { // waits until it is gone
		cancel()
		end()
	})
	b := tab{t, ctx}
	b.do(chromedp.Navigate("about:blank"))
	return b
}

func (b tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs a script in the page and returns what it comes to, once it has.
func evaluate[T any](b tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// load shows a file as a screen shows it.
func (b tab) load(path string, s screen) {
	b.t.Helper()
	phone := func(p *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
		p.Mobile = s.width < 600
	}
	b.do(chromedp.EmulateViewport(s.width, 900, phone))
	scheme := map[bool]string{true: "dark", false: "light"}[s.dark]
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String()))
}

// show is load with every cell opened.
func (b tab) show(path string, s screen) {
	b.t.Helper()
	b.load(path, s)
	evaluate[int](b, `document.querySelectorAll('details').forEach(d => { d.open = true }), 0`)
}

// screen is what a page is looked at with.
type screen struct {
	width int64
	dark  bool
}

func screens() []screen { return []screen{{1280, false}, {1280, true}, {390, false}, {390, true}} }

func (s screen) String() string {
	name := "1280"
	if s.width == 390 {
		name = "390"
	}
	if s.dark {
		return name + "-dark"
	}
	return name + "-light"
}

// pages writes a report with a cell of each verdict, a large one and a
// comparison, and returns their files by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	rec := runRecord("20250314-092653")
	rec.Repeat = 3
	out := map[string]string{}
	for name, plans := range map[string][]plan{"small": oneOfEach(), "large": variety()} {
		run := writeRun(t, filepath.Join(dir, name), rec, plans, true, true)
		out[name] = filepath.Join(dir, name+".html")
		if err := WriteFile(out[name], Format{Write: HTML}, run); err != nil {
			t.Fatal(err)
		}
	}
	out["comparison"] = filepath.Join(dir, "comparison.html")
	f, _ := ComparisonFormatByName("html")
	if err := WriteComparisonFile(out["comparison"], f, comparison()); err != nil {
		t.Fatal(err)
	}
	return out
}

// variety is the usual matrix over two versions of HTTP, with other forms.
func variety() []plan {
	out := matrix()
	for _, p := range matrix() {
		if p.labels.Client != "go" {
			continue
		}
		p.labels.HTTP, p.labels.TLS = "2", true
		out = append(out, p)
		if p.labels.Technique == "eventsource" && p.verdict == measure.Broken {
			p.labels.Variant = "forward+post"
			out = append(out, p)
		}
	}
	return out
}

// No page scrolls sideways; what is wider scrolls in a box of its own.
func TestPagesFitScreens(t *testing.T) {
	files := pages(t)
	b := openBrowser(t)
	for name, path := range files {
		for _, s := range screens() {
			if s.dark {
				continue
			}
			b.show(path, s)
			over := evaluate[[]string](b, `(() => {
				const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
				for (const e of document.querySelectorAll('body *')) {
					const r = e.getBoundingClientRect();
					if (r.width && r.right > innerWidth + 1 && !e.closest('.matrix, .plot, pre, .sr, .skip, svg')) wide.push(e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60));
				}
				return wide.slice(0, 5);
			})()`)
			if len(over) > 0 {
				t.Errorf("%s at %s: wider than the screen: %q", name, s, over)
			}
		}
	}
}

// What the scripts add: filter, switches, sorting.
func TestMatrixControls(t *testing.T) {
	path := pages(t)["large"]
	b := openBrowser(t)
	const visible = `document.querySelectorAll('#matrix .matrix:not([hidden]) tr:not([hidden]) td:not([hidden]):not(.off) a').length`
	set := func(selector, value string) string {
		return `(() => { const e = document.querySelector('` + selector + `'); e.value = '` + value + `'; e.dispatchEvent(new Event('input', {bubbles: true})); return 0 })()`
	}
	type state struct {
		Cells  int
		Shown  string
		Tables int
		Whole  int
	}
	const look = `({cells: ` + visible + `, shown: document.getElementById('shown').textContent, tables: document.querySelectorAll('#matrix .matrix:not([hidden])').length,
		whole: document.querySelectorAll('details.cell:not([hidden]), .briefs li:not([hidden])').length})`
	all := len(variety())
	b.load(path, screens()[0])
	for _, c := range []struct {
		name, script string
		cells        func(plan) bool
		tables       int
	}{
		{"nothing", `0`, func(plan) bool { return true }, 4},
		{"HTTP", set(`[data-switch="http"]`, "2"), func(p plan) bool { return p.labels.HTTP == "2" }, 2},
		{"HTTP and verdict", set("#verdict", "broken"), func(p plan) bool { return p.labels.HTTP == "2" && p.verdict == measure.Broken }, 2},
		{"verdict", set(`[data-switch="http"]`, ""), func(p plan) bool { return p.verdict == measure.Broken }, 4},
		{"verdict and words", set("#q", "REAL:nginx upgrade"), func(p plan) bool { return p.labels.Proxy == "real:nginx" && p.cause == "upgrade-stripped" }, 3},
		{"client", set("#q", "") + `;` + set("#verdict", "") + `;` + set(`[data-switch="client"]`, "chromium"), func(p plan) bool { return p.labels.Client == "chromium" }, 1},
		{"variant", set(`[data-switch="client"]`, "") + `;` + set(`[data-switch="variant"]`, "forward+post"), func(p plan) bool { return p.labels.Variant != "" }, 1},
		{"all again", set(`[data-switch="variant"]`, ""), func(plan) bool { return true }, 4},
	} {
		want := 0
		for _, p := range variety() {
			want += btoi(c.cells(p))
		}
		evaluate[int](b, c.script)
		s := evaluate[state](b, look)
		if s.Cells != want || s.Whole != want || s.Tables != c.tables || (s.Shown == "") != (want == all) {
			t.Errorf("%s: %+v, want %d cells in %d tables", c.name, s, want, c.tables)
		}
	}
	const rows = `[...document.querySelectorAll('#m1 tbody tr')].map(tr => tr.cells[0].textContent)`
	order := func(value string) []string {
		evaluate[int](b, set("#order", value))
		return evaluate[[]string](b, rows)
	}
	usual, worst := order(""), order("worst")
	order("")
	b.do(chromedp.Focus(`#m1 thead th:last-child button`), chromedp.KeyEvent("\r"))
	byColumn := evaluate[[]string](b, rows)
	b.do(chromedp.KeyEvent("\r"))
	again := evaluate[[]string](b, rows)
	if usual[0] != "direct" || worst[0] != "nginx-default" || byColumn[0] != "nginx-default" || byColumn[1] != "real:nginx" || again[0] != "direct" {
		t.Errorf("rows: usual %q, worst first %q, by websocket %q, again %q", usual, worst, byColumn, again)
	}
}

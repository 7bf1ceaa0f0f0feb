package visits

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// chromium is one process for all tests; each test has a context in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	flags, err := chromiumFlags()
	if err != nil {
		return nil, err
	}
	ctx, stop, err := startChromium(flags)
	stopChromium = stop
	return ctx, err
})

var stopChromium = func() {}

// chromiumFlags fails when there is no Chromium.
func chromiumFlags() ([]chromedp.ExecAllocatorOption, error) {
	for _, program := range []string{"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "headless-shell", "chromium", "google-chrome"} {
		binary, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		flags := []chromedp.ExecAllocatorOption{
			chromedp.ExecPath(binary), chromedp.NoFirstRun, chromedp.Headless, chromedp.Flag("no-proxy-server", true),
			chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		}
		if os.Getuid() == 0 {
			flags = append(flags, chromedp.NoSandbox)
		}
		return flags, nil
	}
	return nil, errors.New("no Chromium is installed; apt-get install chromium-headless-shell brings one")
}

func startChromium(flags []chromedp.ExecAllocatorOption) (context.Context, func(), error) {
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	quiet := func(string, ...any) {}
	ctx, stopBrowser := chromedp.NewContext(allocator, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	_, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	return ctx, func() {
		stopBrowser()
		stopAllocator()
	}, err
}

// tab opens a page in a browser context of the test's own. before runs in every
// document ahead of its own scripts.
func tab(t *testing.T, before string) context.Context {
	t.Helper()
	process, err := chromium()
	if process == nil {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(process, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	must(t, call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: before}))
	return ctx
}

func call[P, R any](ctx context.Context, c cdp.Command[P, R], p P) error {
	_, err := chromedp.Call(ctx, c, p)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eval evaluates an expression in a page.
func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// seen is what a visitor reads in the end.
type seen struct {
	Status   string            `json:"status"`
	Use      string            `json:"use"`
	Verdicts map[string]string `json:"verdicts"` // by technique: the row's class
	Got      map[string]string `json:"got"`
	Troubles string            `json:"troubles"`
}

const readPage = `(() => {
	const text = id => document.getElementById(id).textContent;
	const out = {status: text('status'), use: text('use'), troubles: text('troubles'), verdicts: {}, got: {}};
	for (const row of document.getElementById('techniques').children) {
		const name = row.id.slice(2);
		out.verdicts[name] = row.className;
		out.got[name] = text('g-' + name);
	}
	return out;
})()`

// visitBy visits the self-test, again where this machine was too busy for the
// schedule of messages.
func visitBy(t *testing.T, ctx context.Context, at *url.URL) seen {
	t.Helper()
	for tries := 3; ; tries-- {
		got := visitOnce(t, ctx, at)
		busy := slices.ContainsFunc(slices.Collect(maps.Values(got.Got)), func(s string) bool { return strings.HasPrefix(s, "this machine was too busy") })
		if !busy || tries == 1 {
			return got
		}
	}
}

// visitOnce opens the self-test, presses the button by the keyboard and reads
// the page when it is done.
func visitOnce(t *testing.T, ctx context.Context, at *url.URL) seen {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	must(t, chromedp.Do(limited, chromedp.Navigate(at.JoinPath("self-test").String())))
	eval[bool](t, limited, `(document.getElementById('start').focus(), true)`)
	must(t, chromedp.Do(limited, chromedp.KeyEvent("\r")))
	// The library's own waiting needs promises, which not every page here has.
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !eval[bool](t, limited, `/^(Done|The server)/.test(document.getElementById('status').textContent)`) {
		select {
		case <-look.C:
		case <-limited.Done():
			t.Fatalf("%v; the page says %+v", limited.Err(), eval[seen](t, ctx, readPage))
		}
	}
	return eval[seen](t, ctx, readPage)
}

// shoot writes screenshots of a page, for somebody to look at, to the directory
// that COMETBENCH_LOOK names.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("COMETBENCH_LOOK")
	if dir == "" {
		return
	}
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			must(t, call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 844, DeviceScaleFactor: 1, Mobile: width < 500}))
			must(t, call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o644))
		}
	}
}

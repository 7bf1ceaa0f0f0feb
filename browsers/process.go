package browsers

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// process is one running browser. It lives until close, or until it dies; its
// context ends then.
type process struct {
	ctx     context.Context // chromedp's, for the browser
	cancel  context.CancelFunc
	pid     int
	version string // as "HeadlessChrome/156.0.8078.79"
}

// startProcess runs a browser and waits until it answers. The process does not
// end with ctx, which only bounds the start.
func startProcess(ctx context.Context, within time.Duration, flags []chromedp.ExecAllocatorOption) (*process, error) {
	// The library logs what it does not know to the program's log; errors that
	// matter come back from calls.
	quiet := func(string, ...any) {}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	tab, stopBrowser := chromedp.NewContext(allocator, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	p := &process{ctx: tab, cancel: func() {
		stopBrowser()
		stopAllocator()
	}}

	type answer struct {
		browser.GetVersionResult
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		// The life of the browser is bound to the context of this first call,
		// so that call must not have a deadline.
		v, err := chromedp.CallBrowser(tab, browser.GetVersion, cdp.Empty{})
		answered <- answer{v, err}
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	var err error
	select {
	case a := <-answered:
		if a.err == nil {
			p.pid = chromedp.FromContext(tab).Browser.Process().Pid
			p.version = a.Product
			return p, nil
		}
		err = a.err
	case <-timer.C:
		err = fmt.Errorf("no answer within %v", within)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.cancel()
	return nil, fmt.Errorf("start browser: %w", err)
}

// alive reports whether the process still answers.
func (p *process) alive() bool { return p.ctx.Err() == nil }

// close kills the process with all its children, waits for them and removes
// its profile.
func (p *process) close() { p.cancel() }

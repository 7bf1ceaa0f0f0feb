package browsers

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// chromiumProcess is one running browser. It lives until close, or until it
// dies; its context ends then.
type chromiumProcess struct {
	ctx     context.Context // chromedp's, for the browser
	cancel  context.CancelFunc
	id      int
	version string        // as "HeadlessChrome/156.0.8078.79"
	patient time.Duration // how long a small command may take
}

func startChromium(ctx context.Context, flags []chromedp.ExecAllocatorOption, patient time.Duration) (process, error) {
	// The library logs what it does not know to the program's log; errors that
	// matter come back from calls.
	quiet := func(string, ...any) {}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	tab, stopBrowser := chromedp.NewContext(allocator, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	p := &chromiumProcess{ctx: tab, patient: patient, cancel: func() {
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
	var err error
	select {
	case a := <-answered:
		if a.err == nil {
			p.id = chromedp.FromContext(tab).Browser.Process().Pid
			p.version = a.Product
			return p, nil
		}
		err = a.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.cancel()
	return nil, fmt.Errorf("wait for its first answer: %w", err)
}

func (p *chromiumProcess) alive() bool     { return p.ctx.Err() == nil }
func (p *chromiumProcess) product() string { return p.version }
func (p *chromiumProcess) pid() int        { return p.id }
func (p *chromiumProcess) close()          { p.cancel() }

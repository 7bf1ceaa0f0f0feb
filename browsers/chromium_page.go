package browsers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// binding is the function through which pages report.
const binding = "cometbenchSink"

// chromiumPage is one tab, in a browser context of its own or in somebody
// else's.
type chromiumPage struct {
	process *chromiumProcess
	ctx     context.Context // chromedp's, for the tab; ends with the browser
	release context.CancelFunc
	box     *inbox
	guest   bool            // the browser context is another page's
	whole   context.Context // ends when the process of the page has crashed
	crash   context.CancelFunc
}

func newChromiumPage(p *chromiumProcess, tab context.Context, release context.CancelFunc) *chromiumPage {
	pg := &chromiumPage{process: p, ctx: tab, release: release, box: newInbox()}
	pg.whole, pg.crash = context.WithCancel(context.Background())
	return pg
}

// errPageCrashed says so. Such a page answers nothing more.
var errPageCrashed = errors.New("the page crashed")

// openPage makes a browser context and a tab in it. Loopback goes through the
// proxy as well, which a browser would otherwise not do.
func (p *chromiumProcess) openPage(_ context.Context, t measure.Target) (page, error) {
	fresh := func(params *target.CreateBrowserContextParams) {
		if t.Proxy != "" {
			params.ProxyServer = t.Proxy
			params.ProxyBypassList = "<-loopback>"
		}
	}
	tab, release := chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext(fresh))
	return newChromiumPage(p, tab, release).opened(t)
}

// beside makes another tab in the same browser context, which lives as long as
// pg.
func (pg *chromiumPage) beside(_ context.Context, t measure.Target) (page, error) {
	tab, release := chromedp.NewContext(pg.ctx) // takes over the browser context
	other := newChromiumPage(pg.process, tab, release)
	other.guest = true
	return other.opened(t)
}

// opened prepares the tab; it is given up when that fails.
func (pg *chromiumPage) opened(t measure.Target) (page, error) {
	// The tab's events are read until the context of its first command ends,
	// so that this command gets a watch instead of a deadline.
	watch := time.AfterFunc(pg.process.patient, pg.process.close)
	whole := context.AfterFunc(pg.whole, pg.release) // or nothing would answer
	err := pg.prepare(t)
	watch.Stop()
	if !whole() {
		err = errPageCrashed
	}
	if err != nil {
		pg.release()
		return nil, fmt.Errorf("open browser context: %w", err)
	}
	return pg, nil
}

// prepare sets up the tab before anything is loaded into it.
func (pg *chromiumPage) prepare(t measure.Target) error {
	wire := newDevtools(pg.box.put)
	err := chromedp.Listen(pg.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventBindingCalled:
			if ev.Name == binding {
				pg.box.put(reported{ev.Payload})
			}
		case *inspector.EventTargetCrashed:
			pg.crash()
			pg.box.put(crashed{})
		case *cdppage.EventFrameStartedLoading:
			pg.shows(measure.FrameBusy, ev.FrameID)
		case *cdppage.EventFrameStoppedLoading:
			pg.shows(measure.FrameIdle, ev.FrameID)
		default:
			wire.take(ev)
		}
	})
	if err != nil {
		return err
	}
	// The library watches every node of the document, which a forever iframe
	// adds by the thousand.
	if _, err := chromedp.Call(pg.ctx, css.Disable, cdp.Empty{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(pg.ctx, dom.Disable, cdp.Empty{}); err != nil {
		return err
	}
	// And it makes the browser keep every answer, in case somebody wants to
	// read it again.
	least := int64(1)
	kept := network.EnableParams{MaxTotalBufferSize: &least, MaxResourceBufferSize: &least}
	if _, err := chromedp.Call(pg.ctx, network.Enable, kept); err != nil {
		return err
	}
	if _, err := chromedp.Call(pg.ctx, runtime.AddBinding, runtime.AddBindingParams{Name: binding}); err != nil {
		return err
	}
	if len(t.Header) > 0 {
		extra := network.Headers{}
		for name, values := range t.Header {
			for _, v := range values {
				extra[name] = v
			}
		}
		if _, err := chromedp.Call(pg.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: extra}); err != nil {
			return err
		}
	}
	if t.Insecure {
		if _, err := chromedp.Call(pg.ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
			return err
		}
	}
	return nil
}

// shows notes that the browser begins or ends to show a frame as loading; the
// page itself is not meant. The protocol does not say when.
func (pg *chromiumPage) shows(act measure.FrameAct, frame cdp.FrameID) {
	if string(frame) != string(chromedp.FromContext(pg.ctx).Target.TargetID) {
		pg.box.put(loading{act, time.Now().UnixMicro()})
	}
}

func (pg *chromiumPage) inbox() *inbox         { return pg.box }
func (pg *chromiumPage) gone() <-chan struct{} { return pg.ctx.Done() }
func (pg *chromiumPage) tellsNetwork() bool    { return true }

// clockStep: Chromium rounds performance.now to 100 µs where a page is not
// isolated.
func (pg *chromiumPage) clockStep() int64 { return 100 }

// close ends the browser context, of a guest its tab alone.
func (pg *chromiumPage) close() error {
	defer pg.release()
	c := chromedp.FromContext(pg.ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(pg.ctx), pg.process.patient)
	defer cancel()
	if pg.guest {
		_, err := cdp.Call(ctx, c.Browser, target.CloseTarget, target.CloseTargetParams{TargetID: c.Target.TargetID})
		if err != nil && ctx.Err() != nil {
			pg.process.close()
			return fmt.Errorf("%w: close tab: %w", errHung, err)
		}
		return nil // the tab may have gone with its context already
	}
	_, err := cdp.Call(ctx, c.Browser, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: c.BrowserContextID})
	if err != nil {
		pg.process.close() // before release, which would wait for answers
		return fmt.Errorf("%w: close browser context: %w", errHung, err)
	}
	return nil
}

func (pg *chromiumPage) died() error {
	_, err := chromedp.CallBrowser(pg.ctx, browser.GetVersion, cdp.Empty{})
	return fmt.Errorf("the browser died: %w", err)
}

// until returns the page's context, ending with ctx as well, for commands that
// are given up when the subscription ends, or the page crashes.
func (pg *chromiumPage) until(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	both, cancel := context.WithTimeout(pg.ctx, within)
	left, broken := context.AfterFunc(ctx, cancel), context.AfterFunc(pg.whole, cancel)
	return both, func() {
		left()
		broken()
		cancel()
	}
}

func (pg *chromiumPage) eval(ctx context.Context, expression string) (string, error) {
	call, cancel := pg.until(ctx, pg.process.patient)
	defer cancel()
	s, err := chromedp.Run(call, chromedp.Evaluate[string]("String("+expression+")"))
	switch {
	case err == nil:
		return s, nil
	case pg.ctx.Err() != nil:
		return "", pg.died()
	case pg.whole.Err() != nil:
		return "", errPageCrashed
	case ctx.Err() != nil:
		return "", errLeft
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("%w: the page did not answer within %v", errHung, pg.process.patient)
	}
	return "", fmt.Errorf("evaluate in the page: %w", err)
}

func (pg *chromiumPage) start(ctx context.Context, expression string) error {
	_, err := pg.eval(ctx, expression)
	return err
}

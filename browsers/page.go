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
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// binding is the function through which pages report.
const binding = "cometbenchSink"

// page is one tab, in a browser context of its own or in somebody else's.
type page struct {
	process *process
	ctx     context.Context // chromedp's, for the tab; ends with the browser
	release context.CancelFunc
	inbox   *inbox
	patient time.Duration // how long a small command may take
	guest   bool          // the browser context is another page's
}

// crashed is put into the inbox when the page's own process dies.
type crashed struct{}

// openPage makes a browser context and a tab in it. The context's proxy is
// what the target says; loopback goes through it as well, which a browser
// would otherwise not do.
func (p *process) openPage(t measure.Target, patient time.Duration) (*page, error) {
	fresh := func(params *target.CreateBrowserContextParams) {
		if t.Proxy != "" {
			params.ProxyServer = t.Proxy
			params.ProxyBypassList = "<-loopback>"
		}
	}
	tab, release := chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext(fresh))
	return (&page{process: p, ctx: tab, release: release, inbox: newInbox(), patient: patient}).opened(t)
}

// openBeside makes another tab in the same browser context, which lives as long
// as pg.
func (pg *page) openBeside(t measure.Target) (*page, error) {
	tab, release := chromedp.NewContext(pg.ctx) // takes over the browser context
	return (&page{process: pg.process, ctx: tab, release: release, inbox: newInbox(), patient: pg.patient, guest: true}).opened(t)
}

// opened prepares the tab; it is given up when that fails.
func (pg *page) opened(t measure.Target) (*page, error) {
	// The tab's events are read until the context of its first command ends,
	// so that this command gets a watch instead of a deadline.
	watch := time.AfterFunc(pg.patient, pg.process.close)
	err := pg.prepare(t)
	watch.Stop()
	if err != nil {
		pg.release()
		return nil, fmt.Errorf("open browser context: %w", err)
	}
	return pg, nil
}

// prepare sets up the tab before anything is loaded into it.
func (pg *page) prepare(t measure.Target) error {
	err := chromedp.Listen(pg.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventBindingCalled:
			if ev.Name == binding {
				pg.inbox.put(ev)
			}
		case *inspector.EventTargetCrashed:
			pg.inbox.put(crashed{})
		case *network.EventRequestWillBeSent, *network.EventResponseReceived,
			*network.EventLoadingFinished, *network.EventLoadingFailed,
			*network.EventWebSocketCreated, *network.EventWebSocketWillSendHandshakeRequest,
			*network.EventWebSocketHandshakeResponseReceived, *network.EventWebSocketFrameError,
			*network.EventWebSocketClosed:
			pg.inbox.put(ev)
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

// close ends the browser context and with it every connection of the page; a
// guest's tab alone. A browser that does not do so in time is killed, and that
// is an error.
func (pg *page) close() error {
	defer pg.release()
	c := chromedp.FromContext(pg.ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(pg.ctx), pg.patient)
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

// died says why the page's context ended although nobody wanted it to.
func (pg *page) died() error {
	_, err := chromedp.CallBrowser(pg.ctx, browser.GetVersion, cdp.Empty{})
	return fmt.Errorf("the browser died: %w", err)
}

// until returns the page's context, ending with ctx as well, for commands that
// are given up when the subscription ends.
func (pg *page) until(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	both, cancel := context.WithTimeout(pg.ctx, within)
	stop := context.AfterFunc(ctx, cancel)
	return both, func() {
		stop()
		cancel()
	}
}

// errHung marks errors after which the process is killed: it is there, and does
// not answer. errLeft is no error at all: the subscription ended meanwhile.
var (
	errHung = errors.New("the browser hangs")
	errLeft = errors.New("the subscription ended")
)

// eval runs a small expression in the page.
func (pg *page) eval(ctx context.Context, expression string) (int64, error) {
	call, cancel := pg.until(ctx, pg.patient)
	defer cancel()
	n, err := chromedp.Run(call, chromedp.Evaluate[int64](expression))
	switch {
	case err == nil:
		return n, nil
	case pg.ctx.Err() != nil:
		return 0, pg.died()
	case ctx.Err() != nil:
		return 0, errLeft
	case errors.Is(err, context.DeadlineExceeded):
		return 0, fmt.Errorf("%w: the page did not answer within %v", errHung, pg.patient)
	}
	return 0, fmt.Errorf("evaluate in the page: %w", err)
}

// cut tells the page that an exchange is over. A frame that breaks off, or is
// answered by 204, gives its page no sign of it.
func (pg *page) cut(ctx context.Context, number int) error {
	_, err := pg.eval(ctx, fmt.Sprintf("cometbench.cut(%d); 0", number))
	return err
}

package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// keys are what Press knows, by their names in the DOM.
var keys = map[string]rune{
	"ArrowUp": first(kb.ArrowUp), "ArrowDown": first(kb.ArrowDown), "Enter": first(kb.Enter), "Tab": first(kb.Tab), " ": ' ',
}

func first(s string) rune { return []rune(s)[0] }

// Tab is a page that is used as a person would: looked at, and typed into. It
// has a browser context of its own unless it was opened beside another.
type Tab struct {
	client *Browser
	page   *chromiumPage
	origin string // scheme and host of the page
	alone  bool   // it is the context's last to be closed

	mu      sync.Mutex
	trouble measure.Trouble
	answers map[network.RequestID]*answerSeen
}

var _ measure.Collector = (*Tab)(nil)

// answerSeen is what is known of a request under way. The times are the
// protocol's own, in seconds.
type answerSeen struct {
	url  string
	last float64 // when it was asked, or something of its answer came
}

// Open implements measure.Browser: it loads target's URL in a browser context of its own. The tab takes one of
// the places of Options.MostContexts until it is closed. An error is the path's
// when the page did not come, else the browser's.
// Only Chromium's pages can be used so.
func (b *Browser) Open(ctx context.Context, target measure.Target) (measure.Tab, error) {
	if _, ok := b.engine.(*chromium); !ok {
		return nil, fmt.Errorf("%s: pages are used as by a person in Chromium only", b.Name())
	}
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	t, err := b.openTab(ctx, target)
	if err != nil {
		b.exit()
		return nil, fmt.Errorf("%s: open %s: %w", b.Name(), target.URL, err)
	}
	return t, nil
}

func (b *Browser) openTab(ctx context.Context, target measure.Target) (*Tab, error) {
	p, _, err := b.take(ctx, target) // nothing to give back: all share it
	if err != nil {
		return nil, err
	}
	pg, err := p.openPage(ctx, target)
	if err != nil {
		return nil, err
	}
	t := &Tab{client: b, page: pg.(*chromiumPage), alone: true, answers: map[network.RequestID]*answerSeen{}}
	if err := t.load(ctx, target.URL); err != nil {
		_ = pg.close() // the first error tells more
		return nil, err
	}
	return t, nil
}

// Beside loads a page in the browser context of t, as a second tab of the same
// browser.
func (t *Tab) Beside(ctx context.Context, address string) (measure.Tab, error) {
	tab, release := chromedp.NewContext(t.page.ctx, chromedp.WithExistingBrowserContext(chromedp.FromContext(t.page.ctx).BrowserContextID))
	pg := newChromiumPage(t.page.process, tab, release)
	watch := time.AfterFunc(pg.process.patient, pg.process.close)
	err := pg.prepare(measure.Target{})
	watch.Stop()
	other := &Tab{client: t.client, page: pg, answers: map[network.RequestID]*answerSeen{}}
	if err == nil {
		err = other.load(ctx, address)
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("chromium: open %s: %w", address, err)
	}
	return other, nil
}

// load listens, and brings the page in.
func (t *Tab) load(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("parse address: %w", err)
	}
	t.origin = u.Scheme + "://" + u.Host
	if err := chromedp.Listen(t.page.ctx, t.notice); err != nil {
		return err
	}
	if _, err := chromedp.Call(t.page.ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		return err
	}
	call, cancel := t.page.until(ctx, t.client.options.LoadWithin)
	defer cancel()
	answer, err := chromedp.Run(call, chromedp.NavigateResponse(address))
	if err != nil {
		return fmt.Errorf("load page: %w", err)
	}
	if answer != nil && answer.Status >= 400 {
		return fmt.Errorf("load page: status %d", answer.Status)
	}
	return nil
}

// Trouble is what the page complains of, what it loads from elsewhere, and how
// its answers failed.
func (t *Tab) Trouble() measure.Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	return measure.Trouble{
		Complaints: slices.Clone(t.trouble.Complaints), Foreign: slices.Clone(t.trouble.Foreign),
		Refused: slices.Clone(t.trouble.Refused), Breaks: slices.Clone(t.trouble.Breaks),
	}
}

// Eval evaluates an expression in the page, waits for it if it is a promise,
// and unmarshals its JSON into value, which may be nil.
func (t *Tab) Eval(ctx context.Context, expression string, value any) error {
	call, cancel := context.WithCancel(t.page.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	text, err := chromedp.Run(call, chromedp.Evaluate[string](
		"(async () => JSON.stringify(await ("+expression+")) ?? 'null')()", chromedp.EvalAwaitPromise))
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("evaluate %.200s: %w", expression, context.Cause(ctx))
	case err != nil && t.page.ctx.Err() != nil:
		return t.page.died()
	case err != nil:
		return fmt.Errorf("evaluate %.200s: %w", expression, err)
	case value == nil:
		return nil
	}
	return json.Unmarshal([]byte(text), value)
}

// Until waits until an expression is true in the page, or ctx ends.
func (t *Tab) Until(ctx context.Context, expression string) error {
	return t.Eval(ctx, `new Promise((done, failed) => {
		const look = () => { try { if (`+expression+`) done(true); else setTimeout(look, 20); } catch (e) { failed(e); } };
		look();
	})`, nil)
}

// Collect implements measure.Collector.
func (t *Tab) Collect(ctx context.Context) error {
	call, cancel := t.page.until(ctx, t.client.options.LoadWithin)
	defer cancel()
	// What the first collection finalizes is garbage of the second.
	for range 2 {
		if _, err := chromedp.Call(call, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return fmt.Errorf("collect garbage: %w", err)
		}
	}
	return nil
}

// Press presses and releases a key, by its name in the DOM: ArrowUp, ArrowDown,
// Enter, Tab or " ". It goes to whatever has the focus.
func (t *Tab) Press(ctx context.Context, key string) error {
	if err := t.Hold(ctx, key); err != nil {
		return err
	}
	return t.Release(ctx, key)
}

// Hold presses a key.
func (t *Tab) Hold(ctx context.Context, key string) error { return t.strike(ctx, key, false) }

// Release releases a key.
func (t *Tab) Release(ctx context.Context, key string) error { return t.strike(ctx, key, true) }

// strike sends those events of a key that press it, or the one that releases
// it.
func (t *Tab) strike(ctx context.Context, key string, up bool) error {
	code, ok := keys[key]
	if !ok {
		return fmt.Errorf("key %q is unknown", key)
	}
	call, cancel := t.page.until(ctx, t.page.process.patient)
	defer cancel()
	for _, event := range kb.Encode(code) {
		if (event.Type == input.DispatchKeyEventTypeKeyUp) != up {
			continue
		}
		if _, err := chromedp.Call(call, input.DispatchKeyEvent, *event); err != nil {
			return fmt.Errorf("key %s: %w", key, err)
		}
	}
	return nil
}

// Type types text into whatever has the focus.
func (t *Tab) Type(ctx context.Context, text string) error {
	return t.act(ctx, "type", chromedp.KeyEvent(text))
}

func (t *Tab) act(ctx context.Context, what string, action chromedp.Action[chromedp.Void]) error {
	call, cancel := t.page.until(ctx, t.page.process.patient)
	defer cancel()
	if _, err := chromedp.Run(call, action); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Close closes the tab and, unless it stood beside another, its browser
// context with all connections.
func (t *Tab) Close() error {
	if !t.alone {
		t.page.release()
		return nil
	}
	defer t.client.exit()
	err := t.page.close()
	if errors.Is(err, errHung) {
		t.page.process.close()
	}
	return err
}

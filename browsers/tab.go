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
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// keys are what Press knows, by their names in the DOM.
var keys = map[string]string{
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "Enter": kb.Enter, "Tab": kb.Tab, " ": " ",
}

// mostComplaints bounds what a tab remembers.
const mostComplaints = 100

// Tab is a page that is used as a person would: looked at, and typed into. It
// has a browser context of its own unless it was opened beside another.
type Tab struct {
	client *Chromium
	page   *page
	origin string // scheme and host of the page
	alone  bool   // it is the context's last to be closed

	mu         sync.Mutex
	complaints []string
	foreign    []string
}

// Open loads target's URL in a browser context of its own. The tab takes one of
// the places of Options.MostContexts until it is closed. An error is the path's
// when the page did not come, else the browser's.
func (c *Chromium) Open(ctx context.Context, target measure.Target) (*Tab, error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a browser context: %w", context.Cause(ctx))
	}
	p, err := c.running(ctx, target)
	if err == nil {
		var pg *page
		if pg, err = p.openPage(target, c.options.AnswerWithin); err == nil {
			t := &Tab{client: c, page: pg, alone: true}
			if err = t.load(ctx, target.URL); err == nil {
				return t, nil
			}
			_ = pg.close() // the first error tells more
		}
	}
	<-c.slots
	return nil, fmt.Errorf("chromium: open %s: %w", target.URL, err)
}

// Beside loads a page in the browser context of t, as a second tab of the same
// browser: they share connections and cookies. It is closed before t.
func (t *Tab) Beside(ctx context.Context, address string) (*Tab, error) {
	tab, release := chromedp.NewContext(t.page.ctx)
	pg := &page{process: t.page.process, ctx: tab, release: release, inbox: newInbox(), patient: t.page.patient}
	watch := time.AfterFunc(pg.patient, pg.process.close)
	err := pg.prepare(measure.Target{})
	watch.Stop()
	other := &Tab{client: t.client, page: pg}
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

// notice keeps what the page complains of, and what it loads from elsewhere.
func (t *Tab) notice(ev any) {
	_, _ = t.page.inbox.take() // nobody else reads it
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			text += ": " + e.Description
		}
		t.keep(&t.complaints, text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			text := "console." + string(ev.Type)
			for _, arg := range ev.Args {
				text += " " + string(arg.Value) + arg.Description
			}
			t.keep(&t.complaints, text)
		}
	case *cdplog.EventEntryAdded:
		if ev.Entry.Level == cdplog.EntryLevelError {
			t.keep(&t.complaints, ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(ev.Request.URL)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Scheme+"://"+u.Host != t.origin {
			t.keep(&t.foreign, ev.Request.URL)
		}
	}
}

func (t *Tab) keep(list *[]string, line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(*list) < mostComplaints {
		*list = append(*list, line)
	}
}

// Complaints are the errors on the page's console so far: exceptions, errors
// that it logs, and what the browser could not load.
func (t *Tab) Complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.complaints)
}

// Foreign are the addresses of other hosts that the page asked for.
func (t *Tab) Foreign() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.foreign)
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

// Press presses and releases a key, by its name in the DOM: ArrowUp, ArrowDown,
// Enter, Tab or " ". It goes to whatever has the focus.
func (t *Tab) Press(ctx context.Context, key string) error {
	code, ok := keys[key]
	if !ok {
		return fmt.Errorf("key %q is unknown", key)
	}
	return t.act(ctx, "press "+key, chromedp.KeyEvent(code))
}

// Type types text into whatever has the focus.
func (t *Tab) Type(ctx context.Context, text string) error {
	return t.act(ctx, "type", chromedp.KeyEvent(text))
}

func (t *Tab) act(ctx context.Context, what string, action chromedp.Action[chromedp.Void]) error {
	call, cancel := t.page.until(ctx, t.page.patient)
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
	defer func() { <-t.client.slots }()
	err := t.page.close()
	if errors.Is(err, errHung) {
		t.page.process.close()
	}
	return err
}

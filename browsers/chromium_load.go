package browsers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func (pg *chromiumPage) load(ctx context.Context, address *url.URL, technique string, within time.Duration) error {
	call, cancel := pg.until(ctx, within)
	defer cancel()
	answer, err := chromedp.Run(call, chromedp.NavigateResponse(address.String()))
	var refused *chromedp.LoadError
	switch {
	case errors.As(err, &refused):
		return &notLoaded{note: "the page did not load: " + refused.ErrorText, status: pg.documentStatus()}
	case err != nil && pg.whole.Err() != nil:
		return errPageCrashed
	case err != nil && ctx.Err() != nil:
		return &notLoaded{note: "the page had not loaded when the client left"}
	case err != nil && pg.ctx.Err() == nil:
		if err := pg.giveUpLoading(ctx); err != nil {
			return fmt.Errorf("load page: %w", err)
		}
		return &notLoaded{note: fmt.Sprintf("the page did not load within %v", within)}
	case err != nil:
		return fmt.Errorf("load page: %w", err)
	}
	ready, err := chromedp.Run(call, chromedp.Evaluate[string](`typeof cometbench === 'function' ? String(cometbench.ready) : ''`))
	if err != nil && pg.whole.Err() != nil {
		return errPageCrashed
	}
	if err != nil && ctx.Err() != nil {
		return &notLoaded{note: "the page had not loaded when the client left"}
	}
	if err != nil {
		return fmt.Errorf("load page: %w", err)
	}
	if ready == technique {
		return nil
	}
	wrong := &notLoaded{note: "something else came instead of the page"}
	if answer != nil {
		wrong.status = int(answer.Status)
		wrong.note = fmt.Sprintf("something else came instead of the page: status %d, %s", answer.Status, answer.MimeType)
	}
	return wrong
}

// giveUpLoading stops a navigation that waits for its answer. An error means
// that the browser does not do as it is told: while a page is on its way the
// browser itself answers, and the page does again as soon as it is not.
func (pg *chromiumPage) giveUpLoading(ctx context.Context) error {
	call, cancel := context.WithTimeout(pg.ctx, pg.process.patient)
	defer cancel()
	if _, err := chromedp.Call(call, cdppage.StopLoading, cdp.Empty{}); err != nil {
		return fmt.Errorf("%w: stop loading: %w", errHung, err)
	}
	if _, err := pg.eval(ctx, "1"); err != nil && !errors.Is(err, errLeft) {
		return err
	}
	return nil
}

// documentStatus finds the status of what came instead of a page, or 0, among
// the events of the network so far; they are of no other use.
func (pg *chromiumPage) documentStatus() int {
	status := 0
	events, _ := pg.box.take()
	documents := map[string]bool{}
	for _, ev := range events {
		switch ev := ev.(type) {
		case asked:
			documents[ev.id] = ev.document
		case answered:
			if documents[ev.id] {
				status = ev.status
			}
		}
	}
	return status
}

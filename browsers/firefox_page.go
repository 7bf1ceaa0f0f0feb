package browsers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// firefoxPage is one tab, in a user context of its own or in somebody else's.
type firefoxPage struct {
	process     *firefoxProcess
	userContext string
	guest       bool // the user context is another page's
	context     string
	box         *inbox
	wire        *firefoxNetwork
	leaving     sync.Once
	left        chan struct{}
}

func (pg *firefoxPage) inbox() *inbox      { return pg.box }
func (pg *firefoxPage) tellsNetwork() bool { return true }

// clockStep: Firefox rounds performance.now to 20 µs when it is not asked to
// round more.
func (pg *firefoxPage) clockStep() int64 { return 20 }

// open makes the user context, unless there is one, and sets up the tab before
// anything is loaded into it.
func (pg *firefoxPage) open(ctx context.Context, t measure.Target) error {
	proxy, err := firefoxProxy(t.Proxy)
	if err != nil {
		return err
	}
	call := pg.process.bidi.call
	defer func() {
		if !pg.process.alive() { // hung up before the page was known
			pg.leave()
		}
	}()
	var made struct {
		UserContext string `json:"userContext"`
		Context     string `json:"context"`
	}
	if !pg.guest {
		if err := call(ctx, "browser.createUserContext", object{"acceptInsecureCerts": t.Insecure, "proxy": proxy}, &made); err != nil {
			return err
		}
		pg.userContext = made.UserContext
	}
	if err := call(ctx, "browsingContext.create", object{"type": "tab", "userContext": pg.userContext, "background": true}, &made); err != nil {
		return err
	}
	pg.context = made.Context
	pg.process.adopt(pg.context, pg)
	// The channel that the script is given carries reports to us.
	err = call(ctx, "script.addPreloadScript", object{
		"functionDeclaration": "(channel) => { window." + binding + " = channel; }",
		"arguments":           []object{{"type": "channel", "value": object{"channel": binding}}},
		"contexts":            []string{pg.context},
	}, nil)
	if err != nil || len(t.Header) == 0 {
		return err
	}
	var headers []object
	for name, values := range t.Header {
		for _, v := range values {
			headers = append(headers, object{"name": name, "value": object{"type": "string", "value": v}})
		}
	}
	return call(ctx, "network.setExtraHeaders", object{"headers": headers, "contexts": []string{pg.context}}, nil)
}

// leave notes that the tab is no more: its process died, or the browser hung up.
func (pg *firefoxPage) leave()                { pg.leaving.Do(func() { close(pg.left) }) }
func (pg *firefoxPage) gone() <-chan struct{} { return pg.left }

func (pg *firefoxPage) died() error {
	if err := pg.process.bidi.over(); err != nil {
		return fmt.Errorf("the browser died: %w", err)
	}
	return errors.New("the page crashed")
}

func (pg *firefoxPage) load(ctx context.Context, address *url.URL, technique string, within time.Duration) error {
	call, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := pg.process.bidi.call(call, "browsingContext.navigate", object{"context": pg.context, "url": address.String(), "wait": "complete"}, nil)
	if err != nil {
		return pg.notLoaded(ctx, err, within)
	}
	ready, err := pg.eval(ctx, `typeof cometbench === 'function' ? cometbench.ready : ''`)
	switch {
	case errors.Is(err, errLeft):
		return &notLoaded{note: leftLoading}
	case err != nil:
		return fmt.Errorf("load page: %w", err)
	case ready == technique:
		return nil
	}
	return foreignPage(ctx, pg)
}

// notLoaded says why a navigation failed.
func (pg *firefoxPage) notLoaded(ctx context.Context, err error, within time.Duration) error {
	switch {
	case pg.process.bidi.over() != nil:
		return pg.died()
	case ctx.Err() != nil:
		return &notLoaded{note: leftLoading}
	case errors.Is(err, context.DeadlineExceeded):
		// A page on its way answers, unless the browser hangs.
		if _, err := pg.eval(ctx, "window.stop()"); err != nil && !errors.Is(err, errLeft) {
			return fmt.Errorf("load page: %w", err)
		}
		return &notLoaded{note: fmt.Sprintf("the page did not load within %v", within)}
	}
	var r *bidiError
	if !errors.As(err, &r) || r.Code != "unknown error" {
		return fmt.Errorf("load page: %w", err)
	}
	return &notLoaded{note: "the page did not load: " + r.Message}
}

// leftLoading is the note of a page that was not waited for.
const leftLoading = "the page had not loaded when the client left"

// foreignPage describes what came instead of a page of ours.
func foreignPage(ctx context.Context, pg page) error {
	wrong := &notLoaded{note: "something else came instead of the page"}
	answer, err := pg.eval(ctx, `performance.getEntriesByType('navigation').map((e) => e.responseStatus || 0).join()`)
	if err != nil {
		return wrong // what came may not let itself be asked
	}
	if wrong.status, _ = strconv.Atoi(answer); wrong.status != 0 {
		wrong.note = fmt.Sprintf("%s: status %d", wrong.note, wrong.status)
	}
	return wrong
}

func (pg *firefoxPage) eval(ctx context.Context, expression string) (string, error) {
	call, cancel := context.WithTimeout(ctx, pg.process.patient)
	defer cancel()
	s, err := pg.process.evaluate(call, pg.context, "String("+expression+")")
	switch {
	case err == nil:
		return s, nil
	case pg.process.bidi.over() != nil:
		return "", pg.died()
	case ctx.Err() != nil:
		return "", errLeft
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("%w: the page did not answer within %v", errHung, pg.process.patient)
	case refused(err, "no such frame"):
		return "", pg.died()
	}
	return "", fmt.Errorf("evaluate in the page: %w", err)
}

func (pg *firefoxPage) close() error {
	pg.process.forget(pg)
	ctx, cancel := context.WithTimeout(context.Background(), pg.process.patient)
	defer cancel()
	if pg.guest {
		err := pg.process.bidi.call(ctx, "browsingContext.close", object{"context": pg.context}, nil)
		if err != nil && ctx.Err() != nil {
			pg.process.close()
			return fmt.Errorf("%w: close tab: %w", errHung, err)
		}
		return nil // the tab may have gone with its context already
	}
	err := pg.process.bidi.call(ctx, "browser.removeUserContext", object{"userContext": pg.userContext}, nil)
	if err != nil {
		pg.process.close()
		return fmt.Errorf("%w: close user context: %w", errHung, err)
	}
	return nil
}

func (pg *firefoxPage) start(ctx context.Context, expression string) error {
	_, err := pg.eval(ctx, expression)
	return err
}

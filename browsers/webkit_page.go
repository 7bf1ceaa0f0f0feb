package browsers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// webkitPage is a window of a WebKit. A classic driver knows no events: the page
// keeps its reports, and a loop fetches them.
type webkitPage struct {
	process *webkitProcess
	window  string
	guest   bool // there are other windows
	box     *inbox
	leaving sync.Once
	left    chan struct{}
	cause   error // why left is closed
	pump    sync.WaitGroup
	stop    context.CancelFunc // of the pump
}

func (pg *webkitPage) inbox() *inbox         { return pg.box }
func (pg *webkitPage) gone() <-chan struct{} { return pg.left }

// tellsNetwork: the driver knows nothing of the network.
func (pg *webkitPage) tellsNetwork() bool { return false }

// clockStep: WebKit rounds performance.now to 1 ms where a page is not
// isolated.
func (pg *webkitPage) clockStep() int64 { return 1000 }

func (pg *webkitPage) leave(cause error) {
	pg.leaving.Do(func() {
		pg.cause = cause
		close(pg.left)
	})
}

func (pg *webkitPage) died() error {
	select {
	case <-pg.left:
		return pg.cause
	default:
	}
	if !pg.process.alive() {
		return errors.New("the browser died")
	}
	return errors.New("the page crashed")
}

// longestLoad is how long the driver may be taken up by the loading of one
// window while others want to be served; loading goes on behind it.
const longestLoad = 500 * time.Millisecond

func (pg *webkitPage) load(ctx context.Context, address *url.URL, technique string, within time.Duration) error {
	pg.quiet() // of the page that was there before
	call, cancel := context.WithTimeout(ctx, within+pg.process.patient)
	defer cancel()
	wait := within
	if pg.guest {
		wait = min(within, longestLoad)
	}
	session := pg.process.session
	err := session.in(call, pg.window, "/timeouts", object{"pageLoad": wait.Milliseconds()}, nil)
	if err == nil {
		err = session.in(call, pg.window, "/url", object{"url": address.String()}, nil)
	}
	if refusedCommand(err, "timeout") && wait < within {
		err = pg.settled(call, address, within-wait)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return &notLoaded{note: leftLoading}
	case refusedCommand(err, "timeout"):
		return &notLoaded{note: fmt.Sprintf("the page did not load within %v", within)}
	case err != nil:
		return pg.failed(fmt.Errorf("load page: %w", err))
	}
	// Where nothing could be loaded the driver reports success, and the window
	// stays as it was.
	ready, err := pg.eval(ctx, `typeof cometbench === 'function' ? cometbench.ready : location.href`)
	switch {
	case errors.Is(err, errLeft):
		return &notLoaded{note: leftLoading}
	case err != nil:
		return fmt.Errorf("load page: %w", err)
	case ready == technique:
		return nil
	case ready == "about:blank":
		return &notLoaded{note: "the page did not load"}
	}
	return foreignPage(ctx, pg)
}

// settled waits until a load that goes on has come to its end; the error is the
// driver's for one that has not.
func (pg *webkitPage) settled(ctx context.Context, address *url.URL, within time.Duration) error {
	const pause = 50 * time.Millisecond // for other windows' commands
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for until := time.Now().Add(within); time.Now().Before(until); {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		var at string
		if err := pg.script(ctx, "sync", "return document.readyState + ' ' + location.href", &at); err != nil {
			return err
		}
		if at == "complete "+address.String() {
			return nil
		}
	}
	return &webdriverError{Code: "timeout", Message: "page load"}
}

// failed makes sense of an error that is no refusal.
func (pg *webkitPage) failed(err error) error {
	switch {
	case !pg.process.alive():
		return fmt.Errorf("the browser died: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: no answer within %v", errHung, pg.process.patient)
	}
	return err
}

// script runs the body of a function in the page and decodes what it returns,
// or with async what it hands to its last argument.
func (pg *webkitPage) script(ctx context.Context, how, body string, result any, args ...any) error {
	return pg.process.session.in(ctx, pg.window, "/execute/"+how, object{"script": body, "args": append([]any{}, args...)}, result)
}

func (pg *webkitPage) eval(ctx context.Context, expression string) (string, error) {
	call, cancel := context.WithTimeout(ctx, pg.process.patient)
	defer cancel()
	var text string
	err := pg.script(call, "sync", "return String("+expression+")", &text)
	switch {
	case err == nil:
		return text, nil
	case ctx.Err() != nil:
		return "", errLeft
	}
	return "", pg.failed(fmt.Errorf("evaluate in the page: %w", err))
}

// Scripts by which reports travel: the first makes the page keep them, the
// second waits for one, at most as long as its first argument says.
const (
	keepReports = `(() => {
		window.cometbenchReports = [];
		window.` + binding + ` = (text) => {
			cometbenchReports.push(text);
			if (window.cometbenchWake) cometbenchWake();
		};
	})()`
	fetchReports = `
		const answer = arguments[arguments.length - 1];
		const reports = window.cometbenchReports;
		const done = () => {
			window.cometbenchWake = null;
			clearTimeout(timer);
			answer(reports.splice(0));
		};
		const timer = setTimeout(done, reports.length ? 0 : arguments[0]);
		if (!reports.length) window.cometbenchWake = done;`
)

func (pg *webkitPage) start(ctx context.Context, expression string) error {
	if _, err := pg.eval(ctx, keepReports); err != nil {
		return err
	}
	if _, err := pg.eval(ctx, expression); err != nil {
		return err
	}
	pumping, stop := context.WithCancel(context.Background())
	pg.stop = stop
	pg.pump.Go(func() { pg.fetch(pumping) })
	return nil
}

// longestFetch is how long other commands may have to wait for reports of this
// page, in milliseconds: the driver does one thing at a time.
const longestFetch = 200

// fetch puts reports into the inbox until the page closes or fails.
func (pg *webkitPage) fetch(ctx context.Context) {
	pg.process.pumps.Add(1)
	defer pg.process.pumps.Add(-1)
	for {
		// Not given up in the middle: the driver may have more to do.
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), pg.process.patient)
		var reports []string
		err := pg.script(call, "async", fetchReports, &reports, longestFetch/pg.process.pumps.Load())
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			pg.leave(pg.failed(fmt.Errorf("fetch the page's reports: %w", err)))
			return
		}
		for _, text := range reports {
			pg.box.put(reported{text})
		}
	}
}

// close only lets go of the first window, since its process serves nobody else
// and is killed.
func (pg *webkitPage) close() error {
	pg.quiet()
	if !pg.guest {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pg.process.patient)
	defer cancel()
	if err := pg.process.session.closeWindow(ctx, pg.window); err != nil && ctx.Err() != nil {
		pg.process.close()
		return fmt.Errorf("%w: close window: %w", errHung, err)
	}
	return nil // it may have gone with the browser already
}

// quiet stops the pump and waits for it.
func (pg *webkitPage) quiet() {
	if pg.stop != nil {
		pg.stop()
	}
	pg.pump.Wait()
}

package browsers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// webkitPage is the window of a WebKit of its own. A classic driver knows no
// events: the page keeps its reports, and a loop fetches them.
type webkitPage struct {
	process *webkitProcess
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

func (pg *webkitPage) load(ctx context.Context, address *url.URL, technique string, within time.Duration) error {
	call, cancel := context.WithTimeout(ctx, within+pg.process.patient)
	defer cancel()
	err := pg.process.session.command(call, "/timeouts", object{"pageLoad": within.Milliseconds()}, nil)
	if err == nil {
		err = pg.process.session.command(call, "/url", object{"url": address.String()}, nil)
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

func (pg *webkitPage) eval(ctx context.Context, expression string) (string, error) {
	call, cancel := context.WithTimeout(ctx, pg.process.patient)
	defer cancel()
	var text string
	err := pg.process.session.script(call, "sync", "return String("+expression+")", &text)
	switch {
	case err == nil:
		return text, nil
	case ctx.Err() != nil:
		return "", errLeft
	}
	return "", pg.failed(fmt.Errorf("evaluate in the page: %w", err))
}

// Scripts by which reports travel: the first makes the page keep them, the
// second waits for one, at most as long as a command of ours may have to wait.
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
		const timer = setTimeout(done, reports.length ? 0 : 200);
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

// fetch puts reports into the inbox until the page closes or fails.
func (pg *webkitPage) fetch(ctx context.Context) {
	for {
		call, cancel := context.WithTimeout(ctx, pg.process.patient)
		var reports []string
		err := pg.process.session.script(call, "async", fetchReports, &reports)
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

// close only lets go: the process serves nobody else, and is killed.
func (pg *webkitPage) close() error {
	if pg.stop != nil {
		pg.stop()
	}
	pg.pump.Wait()
	return nil
}

package browsers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// visit is one subscription: a page, from opening it to leaving.
type visit struct {
	browser      *Browser
	subscription measure.Subscription
	sink         func(measure.Event)
	position     string // behind the last message that the page has told of
	reloaded     bool   // the page is not the first any more
}

// enter opens a page in a context of its own, or in a visitor's, and lives
// through the subscription in it.
func (v *visit) enter(ctx context.Context, of *visitor) error {
	t := v.subscription.Target
	if of == nil || v.browser.engine.sharesProcess() {
		if err := v.browser.enter(ctx); err != nil {
			return err
		}
		defer v.browser.exit()
	}
	if of != nil {
		p, pg, err := of.open(ctx, t)
		if err != nil {
			return err
		}
		return v.live(ctx, p, pg)
	}
	p, release, err := v.browser.take(ctx, t)
	if err != nil {
		return err
	}
	defer release()
	pg, err := p.openPage(ctx, t)
	if err != nil {
		return err
	}
	return v.live(ctx, p, pg)
}

// live returns nil when ctx ended or the subscription is over. It closes the
// page.
func (v *visit) live(ctx context.Context, p process, pg page) (err error) {
	defer func() {
		switch {
		case errors.Is(err, errLeft):
			err = nil
		case errors.Is(err, errHung):
			p.close()
		}
		if closeErr := pg.close(); err == nil {
			err = closeErr
		}
	}()
	target, err := url.Parse(v.subscription.Target.URL)
	if err != nil {
		return fmt.Errorf("parse target: %w", err)
	}
	for conns := 0; ; {
		f, err := v.begin(ctx, pg, target, conns)
		if f == nil || err != nil {
			return err
		}
		if err := v.follow(ctx, pg, f); !errors.Is(err, errReload) {
			return err
		}
		conns = f.connCount
		v.subscription.After, v.subscription.Reload, v.reloaded = v.position, nil, true
		v.emit(measure.Event{Kind: measure.Reconnect, ID: v.position, Note: "page reloaded"})
	}
}

// begin loads the page and starts the technique. The feed is nil when there is
// nothing to go on with; conns connections were counted before.
func (v *visit) begin(ctx context.Context, pg page, target *url.URL, conns int) (*feed, error) {
	if loaded, err := v.load(ctx, pg, target); !loaded || err != nil {
		return nil, err
	}
	if v.reloaded {
		pg.inbox().take() // the page that went may have told of more until the next was there
	}
	clock, err := calibrate(ctx, pg)
	if err != nil {
		return nil, err
	}
	offset, bound := clock.offset()
	v.browser.calibrated(bound)
	technique, _ := measure.TechniqueByName(v.subscription.Technique)
	f := newFeed(target, technique.Polls(), offset, v.pass)
	f.alone, f.connCount, f.frames = !pg.tellsNetwork(), conns, v.subscription.Frames
	return f, v.start(ctx, pg)
}

// errReload says that the page is to be loaded again.
var errReload = errors.New("the page is loaded again")

// CanReload is nil: every page can be loaded again. See measure.Pager.
func (b *Browser) CanReload() error { return nil }

// pass hands an event on and takes note of the position.
func (v *visit) pass(e measure.Event) {
	if (e.Kind == measure.Received || e.Kind == measure.Prelude) && e.ID != "" {
		v.position = e.ID
	}
	v.sink(e)
}

// nonces make the address of each page load unlike all others.
var nonces atomic.Int64

// load brings the page in, again and again if the subscription resumes. It
// reports false when there is nothing to go on with.
func (v *visit) load(ctx context.Context, pg page, target *url.URL) (bool, error) {
	for {
		nonce := strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + strconv.FormatInt(nonces.Add(1), 10)
		address := &url.URL{
			Scheme: target.Scheme, Host: target.Host, Path: pages.Path(v.subscription.Technique),
			RawQuery: "nonce=" + nonce,
		}
		err := pg.load(ctx, address, v.subscription.Technique, v.browser.options.LoadWithin)
		var path *notLoaded
		if err == nil || !errors.As(err, &path) {
			return err == nil, err
		}
		if path.status != 0 {
			v.emit(measure.Event{Kind: measure.Headers, Status: path.status})
		}
		v.emit(measure.Event{Kind: measure.Failed, Note: path.note})
		if !v.subscription.Resume {
			return false, nil
		}
		select {
		case <-time.After(v.retry()):
		case <-ctx.Done():
			return false, nil
		case <-pg.gone():
			return false, pg.died()
		}
		v.emit(measure.Event{Kind: measure.Reconnect, Note: path.note})
	}
}

func (v *visit) retry() time.Duration {
	if v.subscription.Retry > 0 {
		return v.subscription.Retry
	}
	return time.Second
}

// emit reports what the driver itself saw, now.
func (v *visit) emit(e measure.Event) {
	e.T = time.Now().UnixMicro()
	v.sink(e)
}

// start sets the technique going in the loaded page.
func (v *visit) start(ctx context.Context, pg page) error {
	s := v.subscription
	options, err := json.Marshal(map[string]any{
		"url": s.Target.URL, "resume": s.Resume, "after": s.After,
		"interval": s.PollInterval.Milliseconds(), "retry": v.retry().Milliseconds(),
		"method": s.Target.Method, "body": base64.StdEncoding.EncodeToString(s.Target.Body),
		"uplink": s.Uplink, "uplink_pause": s.UplinkPause.Milliseconds(), "frames": framesAsked(s.Frames),
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Technique, err)
	}
	if err := pg.start(ctx, fmt.Sprintf("cometbench.start(%s)", options)); err != nil {
		return fmt.Errorf("start %s: %w", s.Technique, err)
	}
	return nil
}

// framesAsked says it as pages want it.
func framesAsked(f *measure.Frames) string {
	switch {
	case f == nil:
		return ""
	case f.WhileLoading:
		return "while"
	}
	return "after"
}

// CanWatchFrames is nil for techniques whose page has frames; see
// measure.Framed.
func (b *Browser) CanWatchFrames(s measure.Subscription) error {
	if s.Technique != "forever-iframe" && (s.Technique != "forever-iframe-text" || s.Frames != nil && s.Frames.WhileLoading) {
		return fmt.Errorf("the page of %s has no such frame", s.Technique)
	}
	return nil
}

// follow passes on what the page and its network report until ctx ends or the
// subscription is over.
func (v *visit) follow(ctx context.Context, pg page, f *feed) error {
	watch, stopWatch := v.watch(ctx, pg)
	defer stopWatch()
	overdue := time.NewTimer(0)
	defer overdue.Stop()
	for {
		if err := v.digest(ctx, pg, f); err != nil || f.over {
			return err
		}
		overdue.Stop()
		if due := f.due(); !due.IsZero() {
			overdue.Reset(time.Until(due))
		}
		select {
		case <-pg.inbox().wake:
		case <-overdue.C:
		case err := <-watch:
			return err
		case <-v.subscription.Reload:
			err := v.digest(ctx, pg, f)
			f.flush()
			return errors.Join(err, errReload)
		case <-pg.gone():
			return pg.died()
		case <-ctx.Done():
			err := v.digest(ctx, pg, f)
			f.flush()
			if err == nil {
				// One that hangs or crashed has shown nothing, whatever came.
				err = lives(context.WithoutCancel(ctx), pg)
			}
			return err
		}
	}
}

// digest works on what has come in, and on what should have.
func (v *visit) digest(ctx context.Context, pg page, f *feed) error {
	events, ok := pg.inbox().take()
	now := time.Now()
	for _, ev := range events {
		switch ev := ev.(type) {
		case crashed:
			return errPageCrashed
		case reported:
			f.report(ev.payload, now)
		case loading:
			f.frame(ev.act, ev.at)
		default:
			f.network(ev, now)
		}
	}
	if !ok {
		return fmt.Errorf("more than %d events waited for their reader", mostWaiting)
	}
	f.drain(now)
	if number := f.unnoticed(now); number != 0 {
		if err := cut(ctx, pg, number); !errors.Is(err, errLeft) {
			return err
		}
	}
	return nil
}

// cut tells the page that an exchange is over. A frame that breaks off, or is
// answered by 204, gives its page no sign of it.
func cut(ctx context.Context, pg page, number int) error {
	_, err := pg.eval(ctx, fmt.Sprintf("cometbench.cut(%d)", number))
	return err
}

// lives asks the page whether it still does what it was loaded for.
func lives(ctx context.Context, pg page) error {
	// What a browser shows in place of a crashed page answers, too.
	there, err := pg.eval(ctx, "typeof cometbench")
	if err == nil && there != "function" {
		// Firefox does not serve the next page reliably after that.
		return fmt.Errorf("%w: %w", errHung, errPageCrashed)
	}
	return err
}

// watch asks the page from time to time whether it still lives; the channel
// gets an error when it does not. The returned function stops and waits.
func (v *visit) watch(ctx context.Context, pg page) (<-chan error, func()) {
	const pause = 5 * time.Second
	ctx, cancel := context.WithCancel(ctx)
	failed := make(chan error, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticks := time.NewTicker(pause)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			if err := lives(ctx, pg); err != nil {
				if !errors.Is(err, errLeft) {
					failed <- err
				}
				return
			}
		}
	}()
	return failed, func() {
		cancel()
		<-stopped
	}
}

package claims

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// What is streamed in parts, behind each of which the iframe may be recycled.
const (
	memoryParts = 3
	memoryCount = 512
	memoryPiece = 16 << 10             // bytes of a message
	memoryEvery = 2 * time.Millisecond // between two messages
	memoryRest  = 2 * time.Second      // for processes to come to rest before they are weighed
)

// IframeMemory asks how an iframe that never ends grows, and what recycling
// does about it.
func IframeMemory() Claim {
	streamed := float64(memoryParts*memoryCount*memoryPiece) / 1e6
	return Claim{
		Name: "iframe-memory", Sentence: "The memory of a forever iframe grows, and recycling it returns the memory",
		Source: "ajaxpatterns.org, HTTP Streaming: scripts accumulate in the browser; it is the reason why iframes are recycled",
		Measured: fmt.Sprintf("a page in Chromium, each time in a process of its own, reads %.0f MB by a forever iframe, once in one and once in %d that take each other's place; the memory of all processes before, after each part, and in the end when the garbage is collected. It grows when more is left than was streamed; it is returned when recycling leaves less than a third of that",
			streamed, memoryParts),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Values: map[string]float64{"streamed_bytes": streamed * 1e6}}
			left := map[bool]float64{}
			for _, recycled := range []bool{false, true} {
				w, missing, err := l.weighed(ctx, origin, recycled)
				if err != nil || missing != nil {
					return orEmpty(missing), err
				}
				left[recycled] = w.end - w.before
				how := "in one iframe"
				if recycled {
					how = "recycled"
				}
				a.Rows = append(a.Rows, how+": "+w.String())
			}
			a.Values["left_bytes"], a.Values["left_recycled_bytes"] = left[false]*1e6, left[true]*1e6
			// What a page holds that holds each message once, at least.
			grows, returned := left[false] > streamed, left[true] < left[false]/3
			a.Answer = holds(grows && returned)
			a.Got = fmt.Sprintf("%.0f MB by one iframe leave %.0f MB in the browser, %.1f for each; by recycled ones they leave %.0f MB", streamed, left[false], left[false]/streamed, left[true])
			return a, nil
		},
	}
}

// weights are what a browser held, in MB.
type weights struct {
	before, end float64
	parts       []float64
}

func (w weights) String() string {
	var parts []string
	for _, n := range w.parts {
		parts = append(parts, fmt.Sprintf("%+.0f", n-w.before))
	}
	return fmt.Sprintf("%.0f MB before, then %s MB, and %+.0f MB when the garbage is collected", w.before, strings.Join(parts, ", "), w.end-w.before)
}

// weighed streams to a page in a browser of its own.
func (l *Lab) weighed(ctx context.Context, origin scenarios.Origin, recycled bool) (w weights, missing *Answer, err error) {
	b, err := l.Chromium(ctx)
	if err != nil {
		a := untested("%v", err)
		return w, &a, nil
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, 2*pageWait)
	defer cancel()
	tab, err := b.Open(ctx, measure.Target{URL: origin.URL().JoinPath(blank).String()})
	if err != nil {
		return w, nil, err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	scale, weighs := b.(measure.Weigher)
	garbage, collects := tab.(measure.Collector)
	if !weighs || !collects {
		a := untested("%s does not tell what it holds when its garbage is collected", b.Name())
		return w, &a, nil
	}
	w, err = weigh(ctx, origin, tab, recycled, func(collected bool) (float64, error) {
		if collected {
			if err := garbage.Collect(ctx); err != nil {
				return 0, err
			}
		}
		if err := sleepUntil(ctx, time.Now().Add(memoryRest)); err != nil {
			return 0, err
		}
		n, err := scale.Memory()
		return float64(n) / 1e6, err
	})
	return w, nil, err
}

func weigh(ctx context.Context, origin scenarios.Origin, tab measure.Tab, recycled bool, held func(collected bool) (float64, error)) (w weights, err error) {
	channel := name("memory")
	body := fmt.Appendf(nil, `{"text":%q}`, strings.Repeat("m", memoryPiece))
	open := fmt.Sprintf(`(() => {
		window.frame?.remove();
		window.heard = 0; window.opened = false;
		window.cometbench = m => { if (m.control) opened = true; else heard++; };
		window.frame = document.createElement('iframe');
		frame.src = %q + Math.random();
		document.body.append(frame);
	})()`, strings.TrimSuffix(stream("forever-iframe", channel), "&nonce=")+"&slow=wait&nonce=")
	if w.before, err = held(true); err != nil {
		return w, err
	}
	for part := range memoryParts {
		if part == 0 || recycled {
			if err := errors.Join(tab.Eval(ctx, open, nil), tab.Until(ctx, "opened")); err != nil {
				return w, err
			}
		}
		for range memoryCount {
			if _, err := origin.Publish(ctx, channel, time.Now(), "application/json", body); err != nil {
				return w, err
			}
			if err := sleepUntil(ctx, time.Now().Add(memoryEvery)); err != nil {
				return w, err
			}
		}
		want := memoryCount
		if !recycled {
			want *= part + 1
		}
		if err := tab.Until(ctx, fmt.Sprintf("heard >= %d", want)); err != nil {
			return w, err
		}
		n, err := held(false)
		if err != nil {
			return w, err
		}
		w.parts = append(w.parts, n)
	}
	if recycled { // the last one's place is taken as well
		if err := errors.Join(tab.Eval(ctx, open, nil), tab.Until(ctx, "opened")); err != nil {
			return w, err
		}
	}
	w.end, err = held(true)
	return w, err
}

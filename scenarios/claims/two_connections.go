package claims

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// ordinaryWait is how long an ordinary request is waited for; alone it takes
// some milliseconds.
const ordinaryWait = 2 * time.Second

// TwoConnections asks from how many streams on a page's other requests wait.
func TwoConnections() Claim {
	const starvation = "counting/starvation"
	return Claim{
		Name: "two-connections", Sentence: "Two held connections starve the page: nothing else gets through",
		Source: "RFC 2616, section 8.1.4; Dylan Schiemann, The Dreaded 2 Connection Limit (Comet Daily, 2007)",
		Measured: fmt.Sprintf("an ordinary request beside streams to the same host, for %s: by a model of the browsers of that time, and in Chromium by a page with 0, 1, 2, 5 and 6 streams",
			ordinaryWait),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			run, err := l.answers(ctx, question{name: "two-connections", techniques: []string{"eventsource"}, client: "model:two-connections", checks: []string{starvation}})
			if err != nil {
				return Answer{}, err
			}
			model, ok := checkOf(run, starvation, func(l measure.Labels) bool { return l.Client == "model:two-connections" })
			if !ok || !model.Verdict.Counts() {
				return untested("the model of two connections: %s %s", model.Verdict, model.Got), nil
			}
			a := Answer{Values: map[string]float64{}, Rows: []string{"a browser with two connections (model): " + model.Got}}
			first := -1 // number of streams from which on nothing gets through
			for _, n := range []int{0, 1, 2, 5, 6} {
				took, missing, err := l.beside(ctx, origin, n)
				if err != nil {
					return a, err
				}
				if missing != nil {
					a.Rows = append(a.Rows, missing.Got)
					break
				}
				said := "never"
				if took >= 0 {
					said = fmt.Sprintf("after %.0f ms", took)
					a.Values[fmt.Sprintf("beside_%d_ms", n)] = took
				} else if first < 0 {
					first = n
				}
				a.Rows = append(a.Rows, fmt.Sprintf("Chromium, beside %d streams: answered %s", n, said))
			}
			starved := model.Verdict != measure.Works
			a.Answer = holds(starved)
			a.Got = "by the model of such a browser: " + model.Got
			if starved && first > 2 {
				a.Answer = measure.ClaimOnlyIf
				a.Values["chromium_starved_by"] = float64(first)
				a.Got = fmt.Sprintf("the browser has no more than two (a model of it: %s); in Chromium it takes %d streams", model.Got, first)
			}
			return a, nil
		},
	}
}

// beside is how long an ordinary request takes in a page with n streams, in
// milliseconds; negative is never.
func (l *Lab) beside(ctx context.Context, origin scenarios.Origin, n int) (took float64, missing *Answer, err error) {
	channel := name("beside")
	missing, err = l.onPage(ctx, origin, "", func(ctx context.Context, tab measure.Tab) error {
		return tab.Eval(ctx, fmt.Sprintf(`(async () => {
			const opened = [];
			for (let i = 0; i < %d; i++) opened.push(fetch(%q + i));
			await Promise.all(opened);
			const began = performance.now();
			const within = new AbortController();
			const late = setTimeout(() => within.abort(), %d);
			try {
				await (await fetch('/t/short-poll?channel=%s-ordinary&nonce=' + Math.random(), {signal: within.signal, cache: 'no-store'})).text();
				return performance.now() - began;
			} catch (e) {
				return -1;
			} finally {
				clearTimeout(late);
			}
		})()`, n, stream("fetch-streaming", channel), ordinaryWait.Milliseconds(), channel), &took)
	})
	return took, missing, err
}

package claims

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// loadWait is how long a page is watched while it streams; a page without a
// stream has loaded after some milliseconds.
const loadWait = 3 * time.Second

// Throbber asks whether a page with a stream in it ever has loaded.
func Throbber() Claim {
	return Claim{
		Name: "throbber-stays-on", Sentence: "The throbber stays on while an iframe streams",
		Source:   "John Resig, Streaming HTTP / Server Push (2005): browsers say that the page is still loading",
		Measured: fmt.Sprintf("when Chromium fires the load event of a page that streams: by an iframe in it, by an iframe that is added once it has loaded, by fetch, by EventSource; each is watched for %.0f s, then the server ends the stream", loadWait.Seconds()),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Values: map[string]float64{}}
			loads := map[string]loading{}
			for _, way := range []string{"iframe", "late iframe", "fetch", "EventSource"} {
				got, missing, err := l.loading(ctx, origin, way)
				if err != nil || missing != nil {
					return orEmpty(missing), err
				}
				if got.heard == 0 {
					return untested("the page heard nothing by %s", way), nil
				}
				loads[way] = got
				a.Rows = append(a.Rows, fmt.Sprintf("%s: %s", way, got))
			}
			iframe := loads["iframe"]
			others := loads["fetch"].during >= 0 && loads["EventSource"].during >= 0
			a.Values["iframe_loaded_after_end_ms"], a.Values["eventsource_loaded_ms"] = iframe.after, loads["EventSource"].during
			a.Answer = holds(iframe.during < 0)
			a.Got = fmt.Sprintf("the load event of a page with a streaming iframe: %s; with EventSource: %s; an iframe that is added after the load event leaves it fired", iframe, loads["EventSource"])
			if iframe.during < 0 && others && loads["late iframe"].during >= 0 {
				a.Answer = measure.ClaimOnlyIf
				a.Got = "the iframe is in the page while it loads: " + a.Got
			}
			a.Rows = append(a.Rows, "what a window shows is not asked: a browser without one has no throbber")
			return a, nil
		},
	}
}

// loading is when a page's load event came, in milliseconds; negative is never.
type loading struct {
	during float64 // while it streamed, from when it was written
	after  float64 // from the end of the stream, where it had not come before
	heard  int     // messages
}

func (g loading) String() string {
	switch {
	case g.during >= 0:
		return fmt.Sprintf("after %.0f ms", g.during)
	case g.after >= 0:
		return fmt.Sprintf("not within %.0f s, and %.0f ms after the stream's end", loadWait.Seconds(), g.after)
	}
	return fmt.Sprintf("not within %.0f s, and not after the stream's end", loadWait.Seconds())
}

func (l *Lab) loading(ctx context.Context, origin scenarios.Origin, way string) (got loading, missing *Answer, err error) {
	channel := name("load")
	start := map[string]string{
		"iframe":      fmt.Sprintf("document.write('<iframe src=\"%s0\"></iframe>')", stream("forever-iframe", channel)),
		"late iframe": fmt.Sprintf("addEventListener('load', () => { const f = document.createElement('iframe'); f.src = %q; document.body.append(f); })", stream("forever-iframe", channel)+"0"),
		"fetch":       fmt.Sprintf("fetch(%q).then(async r => { for await (const piece of r.body) heard++; })", stream("fetch-streaming", channel)+"0"),
		"EventSource": fmt.Sprintf("new EventSource(%q).onmessage = () => heard++", stream("eventsource", channel)+"0"),
	}[way]
	missing, err = l.onPage(ctx, origin, "", func(ctx context.Context, tab measure.Tab) error {
		err := tab.Eval(ctx, fmt.Sprintf(`(() => {
			document.open();
			window.heard = 0; window.began = performance.now(); window.loaded = -1;
			window.cometbench = () => heard++;
			addEventListener('load', () => { loaded = performance.now(); });
			document.write('<!doctype html><title>stream</title><body><p>a page</p>');
			%s;
			document.close();
		})()`, start), nil)
		if err != nil {
			return err
		}
		for end := time.Now().Add(loadWait); time.Now().Before(end); {
			if _, err := origin.Publish(ctx, channel, time.Now(), "application/json", []byte(`"on"`)); err != nil {
				return err
			}
			if err := sleepUntil(ctx, time.Now().Add(250*time.Millisecond)); err != nil {
				return err
			}
		}
		if err := tab.Eval(ctx, "loaded < 0 ? -1 : loaded - began", &got.during); err != nil {
			return err
		}
		if err := tab.Eval(ctx, "(window.ended = performance.now(), heard)", &got.heard); err != nil {
			return err
		}
		if err := origin.Terminate(ctx, channel); err != nil {
			return err
		}
		if err := sleepUntil(ctx, time.Now().Add(time.Second)); err != nil {
			return err
		}
		return tab.Eval(ctx, "loaded < ended ? -1 : loaded - ended", &got.after)
	})
	return got, missing, err
}

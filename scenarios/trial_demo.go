package scenarios

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

const demoName = "demo"

// proofWait is how long a page's request for the proof may take, wire time.
const proofWait = 3 * time.Second

// demoTrial plays a demo in a browser.
func demoTrial() Trial {
	return Trial{Name: demoName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		browser, ok := b.Client.(measure.Browser)
		if !ok {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " opens no pages"}
		}
		play, ok := plays.ByName(b.Technique.Name)
		if !ok {
			return nil, fmt.Errorf("no play of the name %s", b.Technique.Name)
		}
		e := b.evidence(demoName)
		var err error
		e.Play, err = play.Perform(ctx, b.Nonce, func(ctx context.Context, page string) (measure.Tab, error) {
			at, err := url.Parse(page)
			if err != nil {
				return nil, err
			}
			target := b.target(at.Path)
			target.URL += "?" + at.RawQuery
			tab, err := browser.Open(ctx, target)
			if err == nil {
				b.prove(ctx, tab)
			}
			return tab, err
		})
		e.Left = time.Now()
		if err != nil {
			return nil, err
		}
		e.Origin, _, err = b.Origin.Record(ctx, b.Nonce, 0, 0)
		return e, err
	}}
}

// prove has a page leave a trace of this trial in the origin's record, along
// the path that its own requests take. Where even that does not pass, the
// play's failure is all there is.
func (b *Bench) prove(ctx context.Context, tab measure.Tab) {
	within, cancel := context.WithTimeout(ctx, proofWait)
	defer cancel()
	_ = tab.Eval(within, fmt.Sprintf("fetch('/t/short-poll?channel=%s&nonce=' + Math.random(), {cache: 'no-store'}).then(() => true)", url.QueryEscape(b.Nonce)), nil)
}

package claims

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Lab is where claims are tested. Its exported fields are set by whoever makes
// it; Close ends what the claims have started.
type Lab struct {
	// Start starts an origin in a process of its own, with further flags of
	// `cometbench serve`.
	Start func(ctx context.Context, flags ...string) (scenarios.Origin, error)
	// Chromium is a browser whose pages can be used; the error says what is
	// missing. It is called by the first claim that needs one.
	Chromium func(ctx context.Context) (measure.Browser, error)
	// Dir is the run directory; what is measured cell by cell is kept below it.
	Dir string
	// Say tells what goes on; nil tells nobody.
	Say func(format string, args ...any)

	origins  map[string]scenarios.Origin // by their flags
	chromium func(ctx context.Context) (measure.Browser, error)
	browser  measure.Browser
	asks     []string // techniques that the claims under test ask the programs about
	survey   func() (survey, error)
	evidence []string // of the claim under test
}

// Dir is the directory of the run directories that claims leave.
const Dir = "claims"

// Test tests claims one after the other, since most are about time, and hands
// out the record of each as it ends. An error of the harness makes a claim
// untested, with the error for a reason; that of ctx ends the test.
func Test(ctx context.Context, l *Lab, claims []Claim, record func(measure.ClaimRecord) error) error {
	l.begin(ctx, claims)
	for i, c := range claims {
		if l.Say != nil {
			l.Say("claim %d of %d: %s", i+1, len(claims), c.Sentence)
		}
		started := time.Now()
		l.evidence = nil
		a, err := c.Test(ctx, l)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			a = untested("the measurement failed: %v", err)
		}
		if err := record(measure.ClaimRecord{
			Failed: err != nil,
			Type:   measure.TypeClaim, Claim: c.Name, Sentence: c.Sentence, Source: c.Source, Measured: c.Measured, Command: c.Command(),
			Answer: a.Answer, Got: a.Got, Rows: a.Rows, Values: a.Values, Evidence: l.evidence, TookMS: time.Since(started).Milliseconds(),
		}); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) begin(ctx context.Context, claims []Claim) {
	l.origins, l.asks = map[string]scenarios.Origin{}, nil
	for _, c := range claims {
		l.asks = addNames(l.asks, c.Techniques...)
	}
	l.survey = sync.OnceValues(func() (survey, error) { return l.ask(ctx) })
}

// Close ends the origins and the browser that claims have started.
func (l *Lab) Close() error {
	var errs []error
	if l.browser != nil {
		errs = append(errs, l.browser.Close())
	}
	for _, o := range l.origins {
		errs = append(errs, o.Close())
	}
	return errors.Join(errs...)
}

// origin is one with these flags; claims that want the same share it.
func (l *Lab) origin(ctx context.Context, flags ...string) (scenarios.Origin, error) {
	key := strings.Join(flags, " ")
	if o := l.origins[key]; o != nil {
		return o, nil
	}
	o, err := l.Start(ctx, flags...)
	if err == nil {
		l.origins[key] = o
	}
	return o, err
}

// create makes a run directory, which is evidence of the claim under test. A run
// that is resumed may have one of the name from before.
func (l *Lab) create(name string) (*measure.Writer, error) {
	for n := 1; ; n++ {
		at := name
		if n > 1 {
			at = fmt.Sprintf("%s-%d", name, n)
		}
		w, err := measure.Create(filepath.Join(l.Dir, Dir, at))
		if errors.Is(err, measure.ErrExists) {
			continue
		}
		if err == nil {
			l.evidence = addNames(l.evidence, Dir+"/"+at)
		}
		return w, err
	}
}

package claims

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/initiator"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// comparedAtOnce are the programs that stand side by side: what is told from
// the pace of messages wants some quiet.
const comparedAtOnce = 3

// IframeBetterThanXHR asks whether proxies know an iframe's request, and
// whether they treat what it receives better.
func IframeBetterThanXHR() Claim {
	const iframe, xhr = "forever-iframe", "xhr-streaming"
	return Claim{
		Name: "iframe-better-than-xhr", Sentence: "Proxies treat an iframe better than an XMLHttpRequest",
		Source:     handedDown + ": it looks like a page that loads slowly",
		Measured:   "through each installed program as it is stock: the same bytes of the same type, asked for with the fields that Chromium and Firefox send for an iframe and with those for a script, three times where they differ; then both techniques with the types that are theirs",
		Techniques: []string{iframe, xhr},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			compared, differ, err := compareInitiators(ctx)
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Values: s.count(nil, iframe, xhr)}
			a.Rows = append(append(a.Rows, differ...), s.rows(iframe, xhr)...)
			page, script := s.of(iframe, false), s.of(xhr, false)
			better, worse := without(page.works, script.works), without(script.works, page.works)
			a.Values["compared"], a.Values["differences"] = float64(compared), float64(len(differ))
			a.Got = fmt.Sprintf("of %d programs %d tell the two requests apart; as techniques %d of %d carry the iframe and %d of %d XHR streaming", compared, len(differ), len(page.works), page.asked(), len(script.works), script.asked())
			if len(better) > 0 {
				a.Got += ", the iframe alone" + listed(better)
			}
			if len(worse) > 0 {
				a.Got += ", XHR alone" + listed(worse)
			}
			switch {
			case len(differ) == 0 && len(better) == 0:
				a.Answer = measure.ClaimFails
			case len(better) > 0 && len(worse) == 0:
				a.Answer, a.Got = measure.ClaimOnlyIf, fmt.Sprintf("the program is %s, which goes by the media type: %s", strings.Join(better, " or "), a.Got)
			default:
				a.Answer = holds(len(better) > len(worse))
			}
			return a, nil
		},
	}
}

// compareInitiators asks each program that is here; differ has a line for each
// that tells the requests apart.
func compareInitiators(ctx context.Context) (compared int, differ []string, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(comparedAtOnce)
	for _, program := range real.Programs() {
		p, err := real.Parse(real.Prefix + program.Name)
		if err != nil {
			return 0, nil, err
		}
		if p.Available() != nil {
			continue // the survey says what is missing
		}
		compared++
		g.Go(func() error {
			found, err := compareThrough(ctx, p)
			mu.Lock()
			defer mu.Unlock()
			differ = append(differ, found...)
			return err
		})
	}
	err = g.Wait()
	slices.Sort(differ)
	return compared, differ, err
}

func compareThrough(ctx context.Context, p proxies.Proxy) (found []string, err error) {
	c, err := initiator.Start(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for _, e := range initiator.Engines() {
		d, err := c.Difference("text/html", e)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", p.Name(), e.Name, err)
		}
		if d != "" {
			found = append(found, fmt.Sprintf("%s tells an iframe of %s from a script: %s", p.Name(), e.Name, d))
		}
	}
	return found, nil
}

// without are those of list that are not in others.
func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"io"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// comparisonView is what the template of a comparison sees. Its strings are
// clean, not escaped.
type comparisonView struct {
	CSS    template.CSS
	Policy string
	Title  string
	Basis  []string
	Notes  []string
	Ways   []wayView
	Runs   []comparedRun
}

type wayView struct {
	mark
	Means   string
	Changes []changeView
}

type changeView struct {
	Cell      string
	Before    outcomeView
	Now       outcomeView
	Latencies []string
	Notes     []string
}

type outcomeView struct {
	mark
	More string // cause, reason, wavering
}

type comparedRun struct {
	Side  string
	Facts []fact
}

// ComparisonHTML writes one self-contained page: no network, no scripts.
func ComparisonHTML(w io.Writer, c measure.Comparison) error {
	t, err := template.New("comparison.tmpl").Funcs(template.FuncMap{"breakable": breakable}).ParseFS(pageFiles, "page/comparison.tmpl")
	if err != nil {
		return fmt.Errorf("write html comparison: %w", err)
	}
	css, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return fmt.Errorf("write html comparison: %w", err)
	}
	view := newComparisonView(c)
	view.CSS = template.CSS(css)
	view.Policy = fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; base-uri 'none'; form-action 'none'", digest(css))
	var page bytes.Buffer
	if err := t.Execute(&page, view); err != nil {
		return fmt.Errorf("write html comparison: %w", err)
	}
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write html comparison: %w", err)
	}
	return nil
}

func newComparisonView(c measure.Comparison) *comparisonView {
	v := &comparisonView{Title: comparisonHeadline(c), Basis: comparisonBasis(c, clean)}
	for _, n := range c.Notes {
		v.Notes = append(v.Notes, clean(n))
	}
	for _, way := range measure.Ways() {
		view := wayView{mark: wayMark(way), Means: wayMeans(way)}
		for _, change := range c.Of(way) {
			one := changeView{Cell: clean(change.Labels.String()), Before: newOutcomeView(change.Old), Now: newOutcomeView(change.New)}
			for _, l := range change.Latencies {
				one.Latencies = append(one.Latencies, latencyWords(l))
			}
			for _, n := range change.Notes {
				one.Notes = append(one.Notes, clean(n))
			}
			view.Changes = append(view.Changes, one)
		}
		if len(view.Changes) > 0 {
			v.Ways = append(v.Ways, view)
		}
	}
	for side, runs := range [][]measure.RunRecord{c.Old, c.New} {
		for _, r := range runs {
			v.Runs = append(v.Runs, comparedRun{[]string{"Before", "Now"}[side], append([]fact{{"Run", clean(r.ID)}, {"When", stamp(r.Started)}}, conditions(r)...)})
		}
	}
	return v
}

func newOutcomeView(o *measure.Outcome) outcomeView {
	if o == nil {
		return outcomeView{mark: mark{"", "not measured", "", "none"}}
	}
	v := outcomeView{mark: markOf(o.Verdict), More: clean(o.Cause)}
	if o.Reason != "" {
		v.More = clean(o.Reason)
	}
	if measure.Wavers(o.Verdicts) {
		v.More += " " + waver(o.Verdicts)
	}
	return v
}

package reports

import "github.com/cometbench/cometbench/scenarios/measure"

// adviceView is what to do about a cause: lines to copy where they are known
// for the program behind the proxy, a sentence otherwise.
type adviceView struct {
	Program, Where string
	Lines          []string
	Without        string // what to take out, when there are no lines
	Text           string // for the application, when there is a program
}

// newAdvice takes a run's advice apart again where it is what the table says
// for this proxy; any other is shown as it was recorded.
func newAdvice(cause, proxy, text string) adviceView {
	fix, ok := measure.FixFor(cause, proxy)
	if !ok || text != clean(measure.AdviceFor(cause, proxy)) {
		return adviceView{Text: text}
	}
	explained, _ := measure.Explain(cause)
	v := adviceView{Program: fix.Program, Where: fix.Where, Text: explained.Application, Without: fix.Without}
	if len(fix.Lines) > 0 {
		v.Lines, v.Without = fix.Lines, ""
	}
	return v
}

// adviceViews are those of a finding, each once.
func (f finding) adviceViews() []adviceView {
	seen := map[string]bool{}
	var out []adviceView
	for _, c := range f.cells() {
		if a := adviceOf(c); a != "" && !seen[a] {
			seen[a] = true
			out = append(out, newAdvice(c.Cause, c.Proxy, a))
		}
	}
	return out
}

type causeView struct {
	Anchor, ID, Means string
	Symbol, Tally     string
	Advice            []adviceView
	Places            []placeView
	Curl              string // a line that shows it without this program
}

type placeView struct {
	Proxy string
	Links []link
}

func newCause(r *result, f finding) causeView {
	v := causeView{Anchor: causeAnchor(f.cause), ID: f.title(), Means: f.means(), Symbol: markOf(worstOf(f)).Symbol, Tally: tallyOf(f), Advice: f.adviceViews()}
	explained, _ := measure.Explain(f.cause)
	v.Curl = explained.Curl
	places := map[string]*placeView{}
	for _, c := range f.cells() {
		p := places[c.Proxy]
		if p == nil {
			p = &placeView{Proxy: clean(c.Proxy)}
			places[c.Proxy] = p
		}
		text := clean(c.Technique) + r.suffix(c)
		if c.FirstAt != "" {
			text += ": " + clean(c.Reason)
		}
		p.Links = append(p.Links, link{anchorOf(c), text})
	}
	for _, proxy := range r.proxies {
		if p := places[proxy]; p != nil {
			v.Places = append(v.Places, *p)
		}
	}
	return v
}

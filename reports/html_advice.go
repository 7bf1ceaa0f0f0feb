package reports

import "github.com/cometbench/cometbench/scenarios/measure"

// adviceView is what to do about a cause: lines to copy where they are known
// for the program behind the proxy, a sentence otherwise.
type adviceView struct {
	Program, Where string
	Lines          []string
	Without        string // what to take out, when there are no lines
	Text           string // for the application, when there is a program
	Proof          *proofView
}

// proofView says whether advice was proven.
type proofView struct {
	mark
	Outcome string
}

// proof is that of the advice for cells; nil where it is for no program that
// could be tried.
func (r *result) proof(cells ...*cell) *proofView {
	if m, s := r.verdictOnAdvice(cells); s != "" {
		return &proofView{m, s}
	}
	return nil
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
	if lines := fix.Advised(); len(lines) > 0 {
		v.Lines, v.Without = lines, ""
	}
	return v
}

// adviceViews are those of a finding, each once.
func (r *result) adviceViews(f finding) []adviceView {
	about := map[string][]*cell{}
	var order []string
	for _, c := range f.cells() {
		a := adviceOf(c)
		if a == "" {
			continue
		}
		if about[a] == nil {
			order = append(order, a)
		}
		about[a] = append(about[a], c)
	}
	var out []adviceView
	for _, a := range order {
		cells := about[a]
		v := newAdvice(cells[0].Cause, cells[0].Proxy, a)
		v.Proof = r.proof(cells...)
		out = append(out, v)
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
	v := causeView{Anchor: causeAnchor(f.cause), ID: f.title(), Means: f.means(), Symbol: markOf(worstOf(f)).Symbol, Tally: tallyOf(f), Advice: r.adviceViews(f)}
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

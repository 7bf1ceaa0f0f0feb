package reports

import "strings"

// hop is one proxy: what to use through it, what it is, and its cells.
type hop struct {
	choiceView
	About   []string
	Hearsay string       // what of it nobody has seen, for simulated ones
	Cells   []detailView // those shown whole
	Brief   []briefView  // the others, to keep the page small
	Again   string       // the command for one of those
}

// briefView is a cell that is only listed.
type briefView struct {
	Anchor, Name string
	mark
	Cause string
}

type choiceView struct {
	Proxy, Anchor string
	Order         []optionView
	Rest          []optionView
	Partly        []optionView
	Broken        []optionView
	Causes        []causeView
	None          bool // no technique has a verdict
}

type optionView struct {
	Name  string
	Note  string
	Links []link // the cells that say so
}

func newHop(r *result, c choice, anchor string, details *details) hop {
	h := hop{choiceView: newChoice(r, c, anchor), About: aboutProxy(c.cells), Hearsay: hearsay(c.cells)}
	for _, cell := range c.cells {
		if page, ok := details.pages[cell]; ok {
			h.Cells = append(h.Cells, page)
			continue
		}
		h.Brief = append(h.Brief, briefView{anchorOf(cell), clean(cell.Technique) + " (" + groupOf(cell.Labels).title() + ")", markOf(cell.Verdict), clean(cell.Cause)})
		if h.Again == "" {
			h.Again = repeatCommand(cell)
		}
	}
	return h
}

func newChoice(r *result, c choice, anchor string) choiceView {
	v := choiceView{Proxy: clean(c.proxy), Anchor: anchor}
	order, rest := c.use()
	for _, o := range order {
		v.Order = append(v.Order, newOption(o))
	}
	for _, o := range rest {
		v.Rest = append(v.Rest, newOption(o))
	}
	for _, o := range c.partly {
		p := newOption(o)
		p.Note = "works with " + and(titles(o.works)) + " only"
		v.Partly = append(v.Partly, p)
	}
	for _, o := range c.broken {
		v.Broken = append(v.Broken, optionView{Name: clean(o.technique), Links: links(o.cells, false)})
	}
	for _, f := range c.findings {
		v.Causes = append(v.Causes, causeView{Anchor: causeAnchor(f.cause), ID: f.title(), Means: f.means(), Symbol: markOf(worstOf(f)).Symbol, Tally: tallyOf(f), Advice: r.adviceViews(f),
			Places: []placeView{{Links: techniqueLinks(f.cells())}}})
	}
	v.None = len(order) == 0 && len(c.partly)+len(c.broken) == 0
	return v
}

func newOption(o option) optionView {
	return optionView{Name: o.name(), Note: o.note(), Links: links(o.cells, false)}
}

// techniqueLinks names each technique once, by the first of its cells.
func techniqueLinks(cells []*cell) []link {
	seen := map[string]bool{}
	var out []link
	for _, c := range cells {
		if !seen[c.Technique] {
			seen[c.Technique] = true
			out = append(out, link{anchorOf(c), clean(c.Technique)})
		}
	}
	return out
}

// aboutProxy says which version and configuration answered. Cells that
// disagree are told both.
func aboutProxy(cells []*cell) []string {
	seen := map[string]bool{}
	var out []string
	for _, c := range cells {
		for _, s := range notes(c) {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// hearsay is what a simulated proxy is modelled on when parts of that are
// hearsay; "" when nothing is. A real program's version never says the word.
func hearsay(cells []*cell) string {
	for _, c := range cells {
		for _, k := range c.checks {
			if !strings.HasPrefix(c.Proxy, "real:") && strings.Contains(k.ProxyVersion, "hearsay") {
				return clean(k.ProxyVersion)
			}
		}
	}
	return ""
}

// rumoured are the proxies that rest on hearsay, with what each rests on.
func (r *result) rumoured() []fact {
	byProxy := map[string][]*cell{}
	for _, c := range r.cells {
		byProxy[c.Proxy] = append(byProxy[c.Proxy], c)
	}
	var out []fact
	for _, proxy := range r.proxies {
		if s := hearsay(byProxy[proxy]); s != "" {
			out = append(out, fact{clean(proxy), s})
		}
	}
	return out
}

package reports

import (
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// choice is what to do about one proxy: which technique to use through it,
// and what to fall back to.
type choice struct {
	proxy    string
	works    []option // with every client that was tried, best first
	degraded []option
	partly   []option // works with some clients only
	broken   []option
	findings []finding
	cells    []*cell
}

// option is one technique through one proxy, over all groups.
type option struct {
	technique string
	cells     []*cell // those with a verdict
	works     []*cell
	without   []*cell // of clients that cannot do it at all
}

// choices makes one choice per proxy, from the cells alone.
func (r *result) choices() []choice {
	out := make([]choice, 0, len(r.proxies))
	for _, proxy := range r.proxies {
		c := choice{proxy: proxy}
		for _, technique := range slices.SortedFunc(slices.Values(r.techniques), byPreference) {
			c.sort(r.option(technique, proxy))
		}
		for _, cell := range r.cells {
			if cell.Proxy == proxy {
				c.cells = append(c.cells, cell)
			}
		}
		c.findings = findingsOf(c.cells)
		out = append(out, c)
	}
	return out
}

func (r *result) option(technique, proxy string) option {
	o := option{technique: technique}
	for _, g := range r.groups {
		c := r.at(technique, proxy, g)
		if c != nil && c.Verdict == measure.Unsupported {
			o.without = append(o.without, c)
		}
		if c == nil || !c.Verdict.Counts() {
			continue
		}
		o.cells = append(o.cells, c)
		if c.Verdict == measure.Works {
			o.works = append(o.works, c)
		}
	}
	return o
}

func (c *choice) sort(o option) {
	worst := measure.Untested
	for _, cell := range o.cells {
		worst = measure.Worse(worst, cell.Verdict)
	}
	switch {
	case worst == measure.Works:
		c.works = append(c.works, o)
	case worst == measure.Degraded:
		c.degraded = append(c.degraded, o)
	case len(o.works) > 0:
		c.partly = append(c.partly, o)
	case worst == measure.Broken:
		c.broken = append(c.broken, o)
	}
}

// use is the order in which to try techniques: the best of each tier that
// works; then, for tiers in which nothing works, the best that is only
// degraded. A technique that some client cannot do leaves its tier open for
// the next. rest are the others that work.
func (c choice) use() (order, rest []option) {
	covered := map[int]bool{}
	for _, o := range slices.Concat(c.works, c.degraded) {
		tier, _ := measure.Preference(o.technique)
		switch {
		case !covered[tier]:
			covered[tier] = len(o.without) == 0
			order = append(order, o)
		case !o.degraded():
			rest = append(rest, o)
		}
	}
	return order, rest
}

// degraded reports whether some cell of an option is short of working.
func (o option) degraded() bool { return len(o.works) < len(o.cells) }

// note is what to know before using an option, or "".
func (o option) note() string {
	var parts []string
	if o.degraded() {
		parts = append(parts, "degraded")
	}
	if len(o.without) > 0 {
		parts = append(parts, "not with "+and(titles(o.without)))
	}
	return strings.Join(parts, ", ")
}

// titles names the groups of cells.
func titles(cells []*cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = groupOf(c.Labels).title()
	}
	return out
}

// name is the technique's, and for somebody's own endpoint what it is.
func (o option) name() string {
	if o.technique == measure.AppTechnique {
		return "your application gets through"
	}
	return clean(o.technique)
}

func names(options []option) []string {
	out := make([]string, len(options))
	for i, o := range options {
		out[i] = o.name()
		if note := o.note(); note != "" {
			out[i] += " (" + note + ")"
		}
	}
	return out
}

package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// finding is one cause with the cells that suffer from it.
type finding struct {
	cause    string // "" when the run named none
	broken   []*cell
	degraded []*cell
}

// findings lists the causes of all cells that are not fine, worst first.
func (r *result) findings() []finding { return findingsOf(r.cells) }

func findingsOf(cells []*cell) []finding {
	at := map[string]int{}
	var out []finding
	for _, c := range cells {
		if c.Verdict != measure.Broken && c.Verdict != measure.Degraded {
			continue
		}
		i, ok := at[c.Cause]
		if !ok {
			i = len(out)
			at[c.Cause], out = i, append(out, finding{cause: c.Cause})
		}
		if c.Verdict == measure.Broken {
			out[i].broken = append(out[i].broken, c)
		} else {
			out[i].degraded = append(out[i].degraded, c)
		}
	}
	slices.SortStableFunc(out, func(a, b finding) int {
		return cmp.Or(cmp.Compare(len(b.broken), len(a.broken)), cmp.Compare(len(b.degraded), len(a.degraded)), cmp.Compare(a.cause, b.cause))
	})
	return out
}

// cells are the finding's, broken ones first.
func (f finding) cells() []*cell { return slices.Concat(f.broken, f.degraded) }

// title is the cause's id.
func (f finding) title() string {
	if f.cause == "" {
		return "no cause named"
	}
	return clean(f.cause)
}

// means says what the cause does, or "" for one that the table lacks.
func (f finding) means() string { return meansOf(f.cause) }

func meansOf(cause string) string {
	c, _ := measure.CauseByID(cause)
	return c.Means
}

// advice lists what to do: what the run said where it said something of its
// own, the table's advice otherwise.
func (f finding) advice() []string {
	var out []string
	for _, c := range f.cells() {
		if a := adviceOf(c); a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func adviceOf(c *cell) string {
	if a := clean(c.Advice); a != "" {
		return a
	}
	if c.Verdict != measure.Broken && c.Verdict != measure.Degraded {
		return ""
	}
	known, _ := measure.CauseByID(c.Cause)
	return known.Advice
}

// place is the techniques that a finding touches through one proxy.
type place struct {
	proxy      string
	techniques []string
}

// places groups cells by proxy. A technique that is not touched in every
// group that tried it names the ones where it is.
func (r *result) places(cells []*cell) []place {
	var out []place
	for _, proxy := range r.proxies {
		p := place{proxy: clean(proxy)}
		for _, technique := range r.techniques {
			var in []string
			for _, c := range cells {
				if c.Proxy == proxy && c.Technique == technique {
					in = append(in, groupOf(c.Labels).title())
				}
			}
			if len(in) == 0 {
				continue
			}
			name := clean(technique)
			if note := hopOf(cells, proxy, technique); note != "" {
				name += ": " + note
			}
			if len(in) < r.tried(technique, proxy) {
				name += " (" + strings.Join(in, "; ") + ")"
			}
			p.techniques = append(p.techniques, name)
		}
		if len(p.techniques) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// hopOf says where on several paths to one application the trouble begins.
func hopOf(cells []*cell, proxy, technique string) string {
	for _, c := range cells {
		if c.Proxy == proxy && c.Technique == technique && c.FirstAt != "" {
			return clean(c.Reason)
		}
	}
	return ""
}

// tried counts the groups with a verdict for a technique through a proxy.
func (r *result) tried(technique, proxy string) int {
	n := 0
	for _, g := range r.groups {
		if c := r.at(technique, proxy, g); c != nil && c.Verdict.Counts() {
			n++
		}
	}
	return n
}

// setback is a reason why cells have no verdict, with those cells.
type setback struct {
	verdict measure.Verdict
	reason  string
	cells   []*cell
}

// setbacks groups the cells without a verdict by reason: our own failures
// first.
func (r *result) setbacks() []setback {
	var out []setback
	for _, v := range []measure.Verdict{measure.HarnessFailed, measure.SetupFailed, measure.Unsupported, measure.Skipped, measure.Untested} {
		for _, c := range r.cells {
			if c.Verdict != v {
				continue
			}
			reason := reasonOf(c)
			i := slices.IndexFunc(out, func(s setback) bool { return s.verdict == v && s.reason == reason })
			if i < 0 {
				i, out = len(out), append(out, setback{verdict: v, reason: reason})
			}
			out[i].cells = append(out[i].cells, c)
		}
	}
	return out
}

// reasonOf says why a cell has no verdict: its own reason, or that of the
// first check that gave one.
func reasonOf(c *cell) string {
	if s := clean(c.Reason); s != "" {
		return s
	}
	for _, check := range c.checks {
		if check.Verdict == c.Verdict && clean(check.Got) != "" {
			return clean(check.Got)
		}
	}
	return "no reason given"
}

package scenarios

import (
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// control is the outcome of the trials over the direct path.
type control struct {
	once     sync.Once
	checks   []Check // all that a cell held against it is asked
	tier     Tier    // the deepest of theirs
	outcome  outcome
	labels   measure.Labels
	p99      time.Duration
	finished chan struct{}
}

// controlsOf lists the controls that the cells need which are not done. Cells
// that share one may be asked different checks.
func controlsOf(cells []cell, done map[string]bool) map[controlKey]*control {
	out := map[controlKey]*control{}
	for _, c := range cells {
		if done[c.labels.ID()] {
			continue
		}
		ctl := out[c.control()]
		if ctl == nil {
			ctl = &control{finished: make(chan struct{})}
			out[c.control()] = ctl
		}
		ctl.tier = max(ctl.tier, c.tier)
		for _, check := range c.checks {
			if !slices.ContainsFunc(ctl.checks, func(have Check) bool { return have.ID == check.ID }) {
				ctl.checks = append(ctl.checks, check)
			}
		}
	}
	return out
}

// controlLabels are the labels of the cell that c is held against.
func (r *runner) controlLabels(c cell) measure.Labels {
	l := c.labels
	l.Proxy, l.Variant = r.direct.Proxy.Name(), c.variant
	return l
}

// controlOf is the path that the others are held against: the direct one, or
// the first of those that lead to an application already.
func controlOf(o Origin) (Path, error) {
	if a, ok := o.(*Application); ok && len(a.vias) > 0 {
		return a.Paths()[0], nil
	}
	direct, err := proxies.Parse("direct", proxies.ParseOptions{})
	return Path{Proxy: direct, Mode: proxies.Reverse}, err
}

// asked leaves of the control's outcome what a cell asks itself, in its own order.
func (ctl *control) asked(c cell) outcome {
	out := outcome{evidence: map[string]*Evidence{}}
	for _, check := range c.checks {
		for _, rec := range ctl.outcome.checks {
			if rec.Check == check.ID {
				out.checks = append(out.checks, rec)
			}
		}
	}
	wanted := trialNames(c.checks)
	others := trialNames(ctl.checks)
	for name, e := range ctl.outcome.evidence {
		// What answered a further question is nobody's by name.
		if slices.Contains(wanted, name) || !slices.Contains(others, name) {
			out.evidence[name] = e
		}
	}
	return out
}

// trialNames lists the trials that checks share, each once.
func trialNames(checks []Check) []string {
	var out []string
	for _, c := range checks {
		for _, t := range c.Trials {
			if !slices.Contains(out, t.Name) {
				out = append(out, t.Name)
			}
		}
	}
	return out
}

// check finds what the control says of a check; ctl may be nil.
func (ctl *control) check(id string) (measure.CheckRecord, bool) {
	if ctl == nil {
		return measure.CheckRecord{}, false
	}
	i := slices.IndexFunc(ctl.outcome.checks, func(r measure.CheckRecord) bool { return r.Check == id })
	if i < 0 {
		return measure.CheckRecord{}, false
	}
	return ctl.outcome.checks[i], true
}

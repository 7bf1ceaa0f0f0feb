package advice

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Plan is what is to be tried.
type Plan struct {
	Copies []Copy
	// Untried are the cells for which there is nothing to try.
	Untried []measure.AdviceRecord
}

// Copy is one changed configuration and the cells that it is to mend.
type Copy struct {
	Proxy string // as the first run had it
	Cause string
	Upon  []string // the causes that were mended in it before
	Fix   measure.Fix
	Lines []string // of Fix and of those before, for people
	Spec  string   // real:NAME@FILE
	// Cells are those that it is to mend, as they were without it, under the
	// names that the first run gave them.
	Cells []measure.Result
}

// Make finds the degraded and broken cells behind real programs in a run, and
// writes the mended configurations into dir, one for each program,
// configuration and cause. Chains are left alone: which hop is to blame for a
// cause is not known of them.
func Make(run *measure.Run, dir string) (*Plan, error) {
	p := new(Plan)
	cells, _ := measure.Merge(run)
	for _, c := range cells {
		program := programToBlame(c)
		if program == "" {
			continue
		}
		fix, ok := measure.FixFor(c.Cause, c.Proxy)
		if !ok {
			p.untried(c, program, fix, noLine(c.Cause, c.Proxy, program))
			continue
		}
		if i := slices.IndexFunc(p.Copies, func(k Copy) bool { return k.Proxy == c.Proxy && k.Cause == c.Cause }); i >= 0 {
			p.Copies[i].Cells = append(p.Copies[i].Cells, *c)
			continue
		}
		spec, reason, err := mend(c.Proxy, c.Proxy, program, c.Cause, fix, dir)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			p.untried(c, program, fix, reason)
			continue
		}
		p.Copies = append(p.Copies, Copy{Proxy: c.Proxy, Cause: c.Cause, Fix: fix, Lines: record(*c, program, fix).Change(), Spec: spec, Cells: []measure.Result{*c}})
	}
	slices.SortFunc(p.Copies, func(a, b Copy) int { return strings.Compare(a.Spec, b.Spec) })
	return p, nil
}

// noLine is the reason why nothing is tried.
func noLine(cause, proxy, program string) string {
	reason := "there is no line of " + program + " against it"
	if why, ok := measure.WhyNoFix(cause, proxy); ok {
		reason += ": " + why
	}
	return reason
}

// Next plans on where the cells behind copies are still degraded or broken,
// from another cause: its lines go into the copy besides. Cells for which there
// are none are left as they are. again is the run of the copies.
func (p *Plan) Next(again *measure.Run, dir string) (*Plan, error) {
	next := new(Plan)
	cells, _ := measure.Merge(again)
	for _, k := range p.Copies {
		for _, c := range k.Cells {
			after, ok := cells[mendedLabels(c.Labels, k.Spec)]
			if !ok || after.Verdict != measure.Degraded && after.Verdict != measure.Broken || after.Cause == c.Cause || slices.Contains(k.Upon, after.Cause) {
				continue
			}
			fix, ok := measure.FixFor(after.Cause, k.Proxy)
			if !ok {
				continue
			}
			c.Verdict, c.Cause, c.Checks = after.Verdict, after.Cause, after.Checks
			upon := append(slices.Clone(k.Upon), k.Cause)
			if i := slices.IndexFunc(next.Copies, func(n Copy) bool { return n.Proxy == k.Proxy && n.Cause == c.Cause && slices.Equal(n.Upon, upon) }); i >= 0 {
				next.Copies[i].Cells = append(next.Copies[i].Cells, c)
				continue
			}
			spec, _, err := mend(k.Proxy+"-"+strings.Join(upon, "-"), k.Spec, real.ProgramOf(k.Proxy), c.Cause, fix, dir)
			if err != nil {
				return nil, err
			}
			if spec != "" {
				next.Copies = append(next.Copies, Copy{Proxy: k.Proxy, Cause: c.Cause, Upon: upon, Fix: fix, Spec: spec, Cells: []measure.Result{c},
					Lines: slices.Concat(k.Lines, record(c, "", fix).Change())})
			}
		}
	}
	slices.SortFunc(next.Copies, func(a, b Copy) int { return strings.Compare(a.Spec, b.Spec) })
	return next, nil
}

// mend writes a changed copy of what from names, or gives the reason why there
// is none. The file's name comes from that of proxy.
func mend(proxy, from, program, cause string, fix measure.Fix, dir string) (spec, reason string, err error) {
	text, err := real.Template(from)
	if err != nil {
		return "", "", fmt.Errorf("advice for %s: %w", proxy, err)
	}
	changed, ok := fix.Apply(text)
	if !ok {
		return "", "its configuration has no place for it", nil
	}
	if changed == text {
		return "", "its configuration has it already", nil
	}
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' {
			return '-'
		}
		return r
	}, strings.TrimPrefix(proxy, real.Prefix))
	if at := strings.IndexByte(name, '@'); at >= 0 { // a user's own file
		name = program + "-" + filepath.Base(proxy[strings.IndexByte(proxy, '@')+1:])
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", fmt.Errorf("advice for %s: %w", proxy, err)
	}
	file := filepath.Join(dir, name+"-"+cause+".conf")
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		return "", "", fmt.Errorf("advice for %s: %w", proxy, err)
	}
	spec = real.Prefix + program + "@" + file
	if _, err := real.Parse(spec); err != nil {
		return "", "the changed copy cannot be run: " + err.Error(), nil
	}
	return spec, "", nil
}

func (p *Plan) untried(c *measure.Result, program string, fix measure.Fix, reason string) {
	a := record(*c, program, fix)
	a.Reason = reason
	p.Untried = append(p.Untried, a)
}

// record is what is known before anything is tried.
func record(c measure.Result, program string, fix measure.Fix) measure.AdviceRecord {
	a := measure.AdviceRecord{
		Type: measure.TypeAdvice, Labels: c.Labels, Cause: c.Cause, Before: c.Verdict,
		Program: program, Where: fix.Where, Lines: fix.Advised(), Without: fix.Without,
	}
	for _, k := range c.Checks {
		if k.ProxyVersion != "" {
			a.Version = k.ProxyVersion
		}
	}
	return a
}

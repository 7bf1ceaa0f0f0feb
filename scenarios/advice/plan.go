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
	Fix   measure.Fix
	Spec  string // real:NAME@FILE
	Cells []measure.CellRecord
}

// Make finds the degraded and broken cells behind real programs in a run, and
// writes the mended configurations into dir, one for each program,
// configuration and cause. Chains are left alone: which hop is to blame for a
// cause is not known of them.
func Make(run *measure.Run, dir string) (*Plan, error) {
	p := new(Plan)
	cells, _ := measure.Merge(run)
	for _, c := range cells {
		program := real.ProgramOf(c.Proxy)
		if program == "" || strings.Contains(c.Proxy, "+") || c.Verdict != measure.Degraded && c.Verdict != measure.Broken {
			continue
		}
		fix, ok := measure.FixFor(c.Cause, c.Proxy)
		if !ok {
			p.untried(run, c.CellRecord, program, fix, "there is no line of "+program+" against it")
			continue
		}
		if i := slices.IndexFunc(p.Copies, func(k Copy) bool { return k.Proxy == c.Proxy && k.Cause == c.Cause }); i >= 0 {
			p.Copies[i].Cells = append(p.Copies[i].Cells, c.CellRecord)
			continue
		}
		spec, reason, err := mend(c.Proxy, program, c.Cause, fix, dir)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			p.untried(run, c.CellRecord, program, fix, reason)
			continue
		}
		p.Copies = append(p.Copies, Copy{Proxy: c.Proxy, Cause: c.Cause, Fix: fix, Spec: spec, Cells: []measure.CellRecord{c.CellRecord}})
	}
	slices.SortFunc(p.Copies, func(a, b Copy) int { return strings.Compare(a.Spec, b.Spec) })
	return p, nil
}

// mend writes the changed copy, or gives the reason why there is none.
func mend(proxy, program, cause string, fix measure.Fix, dir string) (spec, reason string, err error) {
	text, err := real.Template(proxy)
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

func (p *Plan) untried(run *measure.Run, c measure.CellRecord, program string, fix measure.Fix, reason string) {
	a := record(run, c, program, fix)
	a.Reason = reason
	p.Untried = append(p.Untried, a)
}

// linesOf are what people are told to write.
func linesOf(fix measure.Fix) []string {
	if fix.Say != "" {
		return []string{fix.Say}
	}
	lines := slices.Concat(fix.Lines, fix.Tail)
	if fix.Inline != "" {
		lines = append([]string{strings.TrimSpace(fix.Inline)}, lines...)
	}
	return lines
}

// record is what is known before anything is tried.
func record(run *measure.Run, c measure.CellRecord, program string, fix measure.Fix) measure.AdviceRecord {
	a := measure.AdviceRecord{
		Type: measure.TypeAdvice, Labels: c.Labels, Cause: c.Cause, Before: c.Verdict,
		Program: program, Where: fix.Where, Lines: linesOf(fix), Without: fix.Without,
	}
	for _, k := range run.ChecksOf(c.Cell) {
		if k.ProxyVersion != "" {
			a.Version = k.ProxyVersion
		}
	}
	return a
}

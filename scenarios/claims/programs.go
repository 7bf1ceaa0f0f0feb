package claims

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// survey is what the real programs do with techniques: in the configuration
// that one writes first, and in the one that their documentation advises for
// streams.
type survey struct {
	run     *measure.Run
	missing []string // programs that are not here, with what brings them

	evidence []string // its run directory
}

// advised is the configuration that documentations advise for streams.
const advised = "/streaming"

// programs asks the real programs about the techniques of all claims under
// test, once.
func (l *Lab) programs(context.Context) (survey, error) {
	s, err := l.survey()
	l.evidence = addNames(l.evidence, s.evidence...)
	return s, err
}

func (l *Lab) ask(ctx context.Context) (survey, error) {
	var s survey
	q := question{name: "programs", techniques: l.asks, checks: []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/burst"}}
	for _, p := range real.Programs() {
		if _, err := p.Find(); err != nil {
			s.missing = append(s.missing, err.Error())
			continue
		}
		stock := real.Prefix + p.Name
		q.proxies = append(q.proxies, stock)
		if slices.ContainsFunc(p.Configs, func(c real.Config) bool { return c.Name == strings.TrimPrefix(advised, "/") }) {
			q.proxies = append(q.proxies, stock+advised)
		}
	}
	if len(q.proxies) == 0 {
		return s, nil
	}
	before := len(l.evidence)
	var err error
	s.run, err = l.answers(ctx, q)
	s.evidence = slices.Clone(l.evidence[before:])
	return s, err
}

// tally is how the programs treat one technique in one of the two kinds of
// configuration.
type tally struct {
	works, fails []string // programs; fails with what it is, as nginx (buffered)
	open         []string // programs that have no verdict, with the reason
}

func (t tally) asked() int { return len(t.works) + len(t.fails) }

// of counts the programs that carry a technique. Degraded is not carried: it
// comes late, or with something missing.
func (s survey) of(technique string, streaming bool) tally {
	var t tally
	if s.run == nil {
		return t
	}
	cells, _ := measure.Merge(s.run)
	for _, c := range sorted(cells) {
		program := strings.TrimPrefix(c.Proxy, real.Prefix)
		if c.Technique != technique || strings.HasSuffix(program, advised) != streaming {
			continue
		}
		program = strings.TrimSuffix(program, advised)
		switch c.Verdict {
		case measure.Works:
			t.works = append(t.works, program)
		case measure.Broken, measure.Degraded:
			t.fails = append(t.fails, fmt.Sprintf("%s (%s)", program, c.Cause))
		default:
			t.open = append(t.open, fmt.Sprintf("%s (%s: %s)", program, c.Verdict, c.Reason))
		}
	}
	return t
}

func sorted(cells map[measure.Labels]*measure.Result) []*measure.Result {
	return slices.SortedFunc(maps.Values(cells), func(a, b *measure.Result) int { return strings.Compare(a.Labels.String(), b.Labels.String()) })
}

// rows are what a claim of proxies rests on, a line for each technique.
func (s survey) rows(techniques ...string) []string {
	var out []string
	for _, name := range techniques {
		for _, streaming := range []bool{false, true} {
			t := s.of(name, streaming)
			if t.asked()+len(t.open) == 0 {
				continue
			}
			row := fmt.Sprintf("%s, %s: works through %d of %d", name, kindOf(streaming), len(t.works), t.asked())
			if len(t.fails) > 0 {
				row += "; not through " + strings.Join(t.fails, ", ")
			}
			if len(t.open) > 0 {
				row += "; no verdict: " + strings.Join(t.open, ", ")
			}
			out = append(out, row)
		}
	}
	return append(out, s.missing...)
}

func kindOf(streaming bool) string {
	if streaming {
		return "configured for streams as documentations advise"
	}
	return "stock configuration"
}

// count adds the numbers of a technique to values.
func (s survey) count(values map[string]float64, techniques ...string) map[string]float64 {
	if values == nil {
		values = map[string]float64{}
	}
	for _, name := range techniques {
		for _, streaming := range []bool{false, true} {
			key := underscored(name)
			if streaming {
				key += "_advised"
			}
			t := s.of(name, streaming)
			values[key+"_works"], values[key+"_programs"] = float64(len(t.works)), float64(t.asked())
		}
	}
	return values
}

// noPrograms is the answer where none is installed.
func (s survey) noPrograms() (Answer, bool) {
	if s.run != nil {
		return Answer{}, false
	}
	a := untested("none of the programs is installed, and a fault of our own would prove nothing")
	a.Rows = s.missing
	return a, true
}

// versions names the programs as they were, for the record.
func (s survey) versions() string {
	seen := map[string]string{}
	for _, c := range s.run.Checks {
		program, _, _ := strings.Cut(strings.TrimPrefix(c.Proxy, real.Prefix), "/")
		if c.ProxyVersion != "" {
			seen[program] = program + " " + c.ProxyVersion
		}
	}
	return strings.Join(slices.Sorted(maps.Values(seen)), ", ")
}

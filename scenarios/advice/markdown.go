package advice

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// WriteMarkdown writes what became of each piece of advice: a line for each
// configuration and cause, before and after by technique.
func WriteMarkdown(w io.Writer, records []measure.AdviceRecord) error {
	groups := measure.GroupAdvice(records)
	var b strings.Builder
	b.WriteString("# Advice, tried\n\nThe advised lines were applied to a copy of the program's configuration and the same cells measured again. Proven is advice behind which the cause is gone.\n" +
		"What was left then is mended in turn (\"then\" in the column of causes). Causes \"of checks only\" stood behind another of the same cells. Where no line of a program helps, the table says why, and which technique was seen to\nwork through the same program instead.\n\n")
	b.WriteString(summary(records))
	b.WriteString("| configuration | version | cause | advice | techniques | proven | before and after | instead, as measured |\n|---|---|---|---|---|---|---|---|\n")
	for _, g := range groups {
		cause := g.Cause
		if len(g.Upon) > 0 {
			cause = strings.Join(g.Upon, ", then ") + ", then **" + g.Cause + "**"
		}
		if g.Beside != "" {
			cause += ", of checks only"
		}
		advice := "–"
		if change := g.Change(); len(change) > 0 {
			advice = strings.Join(change, " ") + " (" + g.Where + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %d of %d | %s | %s |\n", plain(g.Proxy), plain(g.Version), cause, plain(advice),
			plain(strings.Join(g.Techniques(), ", ")), g.Proven(), len(g.All), plain(strings.Join(outcomes(g), "; ")), plain(strings.Join(alternatives(g), "; ")))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write advice: %w", err)
	}
	return nil
}

// summary counts the pairs of a configuration and a cause as the first run had
// them.
func summary(records []measure.AdviceRecord) string {
	type pair struct{ proxy, cause string }
	of := map[pair][]measure.AdviceRecord{}
	for _, a := range records {
		if len(a.Upon) == 0 {
			k := pair{a.Proxy, a.Cause}
			of[k] = append(of[k], a)
		}
	}
	var proven, partly, none, instead int
	for _, all := range of {
		n, lines, without := 0, false, false
		for _, a := range all {
			lines = lines || len(a.Change()) > 0
			without = without || !a.Proven && a.Instead == ""
			if a.Proven {
				n++
			}
		}
		switch {
		case n == len(all):
			proven++
			continue
		case n > 0:
			partly++
		case !lines:
			none++
		}
		if !without {
			instead++
		}
	}
	return fmt.Sprintf("Of %d pairs of a configuration and a cause, lines are proven for %d, for a part of the techniques for %d, and for %d there are none. Of the %d that are not proven wholly,\nanother technique works instead in %d.\n\n",
		len(of), proven, partly, none, len(of)-proven, instead)
}

// outcomes are what the cells were and became, with how many each.
func outcomes(g measure.AdviceGroup) []string {
	return counted(g.All, func(a measure.AdviceRecord) string {
		if a.Mended == "" {
			return a.Reason
		}
		s := string(a.Before) + " → " + strings.TrimSpace(string(a.After)+" "+a.AfterCause)
		if !a.Proven {
			s += " (" + a.Reason + ")"
		}
		return s
	})
}

func alternatives(g measure.AdviceGroup) []string {
	return counted(g.All, func(a measure.AdviceRecord) string {
		switch {
		case a.Instead == "":
			return ""
		case len(a.InsteadLines) > 0:
			return a.Instead + ", with " + strings.Join(a.InsteadLines, " ")
		}
		return a.Instead
	})
}

// counted says each text once, with how many records it is of.
func counted(records []measure.AdviceRecord, text func(measure.AdviceRecord) string) []string {
	of := map[string]int{}
	for _, a := range records {
		if s := text(a); s != "" {
			of[s]++
		}
	}
	var out []string
	for _, s := range slices.Sorted(maps.Keys(of)) {
		out = append(out, fmt.Sprintf("%s (%d)", s, of[s]))
	}
	return out
}

// plain keeps a text inside its cell of the table.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '|':
			return '/'
		case '\n', '\r', '\t':
			return ' '
		case '<':
			return '‹'
		case '>':
			return '›'
		case '`':
			return '\''
		}
		return r
	}, s)
}

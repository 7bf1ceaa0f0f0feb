package advice

import (
	"cmp"
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
	type key struct{ proxy, cause string }
	rows := map[key][]measure.AdviceRecord{}
	for _, a := range records {
		k := key{a.Proxy, a.Cause}
		rows[k] = append(rows[k], a)
	}
	var b strings.Builder
	b.WriteString("# Advice, tried\n\nThe advised lines were applied to a copy of the program's configuration and the same cells measured again. Proven is advice behind which the cause is gone.\n\n")
	b.WriteString("| configuration | version | cause | advice | techniques | proven | then |\n|---|---|---|---|---|---|---|\n")
	for _, k := range slices.SortedFunc(maps.Keys(rows), func(a, b key) int { return cmp.Or(cmp.Compare(a.proxy, b.proxy), cmp.Compare(a.cause, b.cause)) }) {
		list := rows[k]
		first := list[0]
		proven, then := 0, map[string]int{}
		var techniques []string
		for _, a := range list {
			techniques = append(techniques, a.Technique)
			outcome := strings.TrimSpace(string(a.After) + " " + a.AfterCause)
			if a.Proven {
				proven++
			} else if a.Mended == "" {
				outcome = a.Reason
			}
			then[outcome]++
		}
		var outcomes []string
		for _, o := range slices.Sorted(maps.Keys(then)) {
			outcomes = append(outcomes, fmt.Sprintf("%s (%d)", o, then[o]))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %d of %d | %s |\n", plain(first.Proxy), plain(first.Version), k.cause, plain(said(first)),
			plain(strings.Join(techniques, ", ")), proven, len(list), plain(strings.Join(outcomes, ", ")))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write advice: %w", err)
	}
	return nil
}

// said is the advice in one line.
func said(a measure.AdviceRecord) string {
	switch {
	case a.Without != "":
		return "without " + a.Without + " (" + a.Where + ")"
	case a.Where == "":
		return "–"
	}
	return strings.Join(a.Lines, " ") + " (" + a.Where + ")"
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

package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CSV writes one row per check (RFC 4180, LF line ends): labels, verdict,
// want and got, then one column per value name that occurs. Text that a
// spreadsheet would run as a formula is preceded by an apostrophe.
func CSV(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	names := map[string]bool{}
	for _, c := range r.cells {
		for _, check := range c.checks {
			for name := range check.Values {
				names[name] = true
			}
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	out := csv.NewWriter(w)
	head := []string{
		"run", "cell", "technique", "proxy", "client", "http", "tls", "variant", "cell_verdict",
		"check", "kind", "axis", "verdict", "cause", "want", "got", "advice",
		"proxy_version", "http_upstream", "ended_by", "end_kind", "hits", "took_ms", "verdicts",
	}
	for _, name := range columns {
		head = append(head, inert(name))
	}
	out.Write(head) // errors stick and are returned below
	for _, c := range r.cells {
		for _, check := range c.checks {
			out.Write(append(checkRow(c, check), valueColumns(check.Values, columns)...))
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv report: %w", err)
	}
	return nil
}

func checkRow(c *cell, k measure.CheckRecord) []string {
	row := []string{
		c.run.Record.ID, k.Cell, k.Technique, k.Proxy, k.Client, k.HTTP, strconv.FormatBool(k.TLS), k.Variant, string(c.Verdict),
		k.Check, string(k.Kind), string(k.Axis), string(k.Verdict), k.Cause, strings.Join(k.Want, "; "), k.Got, k.Advice,
		k.ProxyVersion, k.HTTPUpstream, k.EndedBy, string(k.EndKind),
	}
	for i, text := range row {
		row[i] = inert(text)
	}
	return append(row, strconv.Itoa(k.Hits), strconv.FormatInt(k.TookMS, 10), verdictList(k.Verdicts))
}

// verdictList are those of the repetitions of a check.
func verdictList(verdicts []measure.Verdict) string {
	words := make([]string, len(verdicts))
	for i, v := range verdicts {
		words[i] = string(v)
	}
	return inert(strings.Join(words, " "))
}

func valueColumns(m map[string]float64, columns []string) []string {
	out := make([]string, len(columns))
	for i, name := range columns {
		if v, ok := m[name]; ok {
			out[i] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return out
}

// inert makes text safe to open in a spreadsheet: one line without control
// characters, and never the start of a formula.
func inert(s string) string {
	s = clean(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// fallback is what a client of somebody else's ended up with on one path.
type fallback struct {
	client, proxy string
	transport     string // "none" when nothing arrived
	opened, first string // after so long
	story         string // the check's own words
}

// fallbackCheck is where runs say it.
const fallbackCheck = "opening/fallback"

// fallbacks lists them, by client, then by path in the order of the run.
func (r *result) fallbacks() []fallback {
	var out []fallback
	for _, c := range r.cells {
		for _, k := range c.checks {
			if k.Check != fallbackCheck || k.Values == nil {
				continue
			}
			f := fallback{client: c.Client, proxy: c.Proxy, transport: "none", opened: "-", first: "-", story: k.Got}
			if at, ok := k.Values["opened_ms"]; ok {
				name, _, _ := strings.Cut(k.Got, ":")
				f.transport, f.opened = clean(name), inSeconds(at)
			}
			if at, ok := k.Values["first_ms"]; ok {
				f.first = inSeconds(at)
			}
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b fallback) int { return cmp.Compare(a.client, b.client) })
	return out
}

func inSeconds(ms float64) string { return fmt.Sprintf("%.1f s", ms/1000) }

// fallbacks writes them as a table.
func (p *page) fallbacks(r *result) {
	all := r.fallbacks()
	if len(all) == 0 {
		return
	}
	p.heading("What clients end up with that may choose")
	rows := [][]string{{"client", "transport", "open after", "message after", "path"}}
	for _, f := range all {
		rows = append(rows, []string{clean(f.client), f.transport, f.opened, f.first, clean(f.proxy)})
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row[:len(row)-1] {
			width[i] = max(width[i], utf8.RuneCountInString(text))
		}
	}
	for _, row := range rows {
		lead := ""
		for i, text := range row[:len(row)-1] {
			lead += text + strings.Repeat(" ", width[i]-utf8.RuneCountInString(text)+gutter)
		}
		p.wrap(lead, row[len(row)-1])
	}
}

// fallbacks writes them as a table, with what was met on the way.
func (m *markdown) fallbacks() {
	all := m.r.fallbacks()
	if len(all) == 0 {
		return
	}
	m.line("")
	m.line("| client | path | ends up with | open after | message after | |")
	m.line("|---|---|---|---|---|---|")
	for _, f := range all {
		_, met, _ := strings.Cut(f.story, "; before, ")
		if met != "" {
			met = cellCode(short(met, 200))
		}
		m.line("| %s | %s | %s | %s | %s | %s |", cellCode(f.client), cellCode(short(f.proxy, 120)), cellCode(f.transport), f.opened, f.first, met)
	}
	m.line("")
}

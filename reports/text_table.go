package reports

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const gutter = 2 // columns between two columns

// table writes the matrix of one group. Wide pages get names and causes in
// full; narrower ones numbered proxies with a key; the narrowest also the
// verdict alone, folded into several blocks.
func (p *page) table(r *result, g group) {
	techniques, proxies := r.techniquesIn(g), r.proxiesIn(g)
	first := 0
	for _, t := range techniques {
		first = max(first, utf8.RuneCountInString(techniqueLabel(t)))
	}
	var columns []column
	for _, style := range []struct{ names, causes bool }{{true, true}, {false, true}, {false, false}} {
		columns = columns[:0]
		total := first
		for i, proxy := range proxies {
			c := p.column(r, g, proxy, techniques, i+1, style.names, style.causes)
			columns, total = append(columns, c), total+gutter+c.width
		}
		if total <= p.width {
			break
		}
	}
	for i, block := range fold(columns, p.width-first) {
		if i > 0 {
			p.WriteString("\n")
		}
		p.row(first, "", block, func(c column) (string, measure.Verdict) { return c.head, "" })
		for i, t := range techniques {
			p.row(first, techniqueLabel(t), block, func(c column) (string, measure.Verdict) { return c.text[i], c.verdicts[i] })
		}
	}
	gap := "\n"
	for _, c := range columns {
		if c.key != "" {
			p.WriteString(gap)
			gap = ""
			p.wrap(c.head+" ", c.key)
		}
	}
}

// column is one proxy, laid out.
type column struct {
	head     string
	key      string // the full name, when head is only a number
	text     []string
	verdicts []measure.Verdict
	width    int
}

func (p *page) column(r *result, g group, proxy string, techniques []string, n int, full, causes bool) column {
	name := clean(proxy)
	c := column{head: name}
	if utf8.RuneCountInString(name) > 10 && (!full || utf8.RuneCountInString(name) > p.width/2) {
		c.head, c.key = fmt.Sprintf("[%d]", n), name
	}
	c.width = utf8.RuneCountInString(c.head)
	for _, t := range techniques {
		cell := r.at(t, proxy, g)
		s, v := "", measure.Verdict("")
		if cell != nil {
			m := markOf(cell.Verdict)
			s, v = m.Symbol+" "+m.Brief, cell.Verdict
			if causes {
				s = m.Symbol + " " + m.Word
				if cause := short(clean(cell.Cause), 30); cause != "" {
					s = m.Symbol + " " + cause
				}
			}
			if cell.Wavers {
				s += " ±"
			}
		}
		c.text, c.verdicts = append(c.text, s), append(c.verdicts, v)
		c.width = max(c.width, utf8.RuneCountInString(s))
	}
	return c
}

// fold divides columns into blocks that fit.
func fold(columns []column, width int) [][]column {
	var out [][]column
	used := width + 1
	for _, c := range columns {
		if used+gutter+c.width > width {
			out, used = append(out, nil), 0
		}
		out[len(out)-1] = append(out[len(out)-1], c)
		used += gutter + c.width
	}
	return out
}

func techniqueLabel(t string) string { return short(clean(t), 24) }

func (p *page) row(first int, label string, block []column, cell func(column) (string, measure.Verdict)) {
	line := pad(label, first)
	for _, c := range block {
		text, verdict := cell(c)
		line += strings.Repeat(" ", gutter) + p.paint(verdict, pad(text, c.width))
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// paint colours a padded cell; its symbol and word say the same.
func (p *page) paint(v measure.Verdict, s string) string {
	code := map[string]string{"works": "32", "degraded": "33", "broken": "31", "fault": "35", "none": "2"}[markOf(v).Class]
	if !p.color || v == "" || code == "" {
		return s
	}
	text := strings.TrimRight(s, " ")
	return "\x1b[" + code + "m" + text + "\x1b[0m" + s[len(text):]
}

package reports

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpenMetrics writes the runs as OpenMetrics 1.0 text, for a scraper or a
// push gateway. Durations are in seconds and sizes in bytes, whatever unit
// the record has.
func OpenMetrics(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	var m metrics
	m.family("cometbench_run", "info", "", "A run and the build that made it.")
	for _, run := range runs {
		rec := run.Record
		m.sample("cometbench_run_info", 1, "run", rec.ID, "version", rec.Tool.Version, "commit", rec.Tool.Commit, "os", rec.Host.OS)
	}
	m.family("cometbench_run_started_timestamp_seconds", "gauge", "seconds", "When the run began, Unix time.")
	for _, run := range runs {
		if !run.Record.Started.IsZero() {
			m.sample("cometbench_run_started_timestamp_seconds", float64(run.Record.Started.UnixMilli())/1000, "run", run.Record.ID)
		}
	}
	m.family("cometbench_run_complete", "gauge", "", "1 when the run came to its end, 0 when it was interrupted.")
	for _, run := range runs {
		m.sample("cometbench_run_complete", float64(btoi(run.Complete())), "run", run.Record.ID)
	}
	m.family("cometbench_cells", "gauge", "", "Cells by verdict.")
	counts := r.counts()
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		m.sample("cometbench_cells", float64(counts[v]), "verdict", string(v))
	}
	m.family("cometbench_cell_verdict", "gauge", "", "The verdict of each cell; the value is always 1.")
	for _, c := range r.cells {
		m.sample("cometbench_cell_verdict", 1, append(labelPairs(c.Labels), "verdict", string(c.Verdict), "cause", c.Cause)...)
	}
	m.family("cometbench_cell_wavers", "gauge", "", "1 for each cell whose measurements differ.")
	for _, c := range r.cells {
		if c.Wavers {
			m.sample("cometbench_cell_wavers", 1, labelPairs(c.Labels)...)
		}
	}
	m.family("cometbench_gate_failed", "gauge", "", "What a gate of a run found wanting; 0 when it holds.")
	for _, run := range runs {
		for _, g := range gatesOf(run) {
			m.sample("cometbench_gate_failed", float64(len(g.Failed)), "run", run.Record.ID, "gate", g.Gate, "rule", g.Rule)
		}
	}
	m.checks(r)
	m.loads(r.loads())
	m.buf.WriteString("# EOF\n")
	if _, err := w.Write(m.buf.Bytes()); err != nil {
		return fmt.Errorf("write openmetrics report: %w", err)
	}
	return nil
}

// quantities are the families that values fall into, by what they count.
var quantities = []struct{ suffix, unit, means string }{
	{"seconds", "seconds", "Durations that were measured, by value name."},
	{"bytes", "bytes", "Sizes that were measured, by value name."},
	{"quantity", "", "Counts that were measured, by value name."},
}

func (m *metrics) checks(r *result) {
	for _, q := range quantities {
		family := "cometbench_check_" + q.suffix
		m.family(family, "gauge", q.unit, q.means)
		for _, c := range r.cells {
			for _, check := range c.checks {
				m.values(family, q.suffix, check.Values, append(labelPairs(c.Labels), "check", check.Check))
			}
		}
	}
}

func (m *metrics) loads(loads []measure.LoadRecord) {
	if len(loads) == 0 {
		return
	}
	for _, q := range quantities {
		family := "cometbench_load_" + q.suffix
		m.family(family, "gauge", q.unit, q.means)
		for i, l := range loads {
			m.values(family, q.suffix, l.Values, []string{"step", strconv.Itoa(i + 1), "technique", l.Technique, "proxy", l.Proxy,
				"subscribers", strconv.Itoa(l.Subscribers), "limited_by", l.LimitedBy})
		}
	}
}

// metrics builds an exposition. A series that was written is not repeated:
// readers refuse the whole text for one duplicate.
type metrics struct {
	buf  bytes.Buffer
	seen map[string]bool
}

func (m *metrics) family(name, kind, unit, means string) {
	fmt.Fprintf(&m.buf, "# TYPE %s %s\n", name, kind)
	if unit != "" {
		fmt.Fprintf(&m.buf, "# UNIT %s %s\n", name, unit)
	}
	fmt.Fprintf(&m.buf, "# HELP %s %s\n", name, means)
}

func (m *metrics) sample(name string, v float64, labels ...string) {
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		fmt.Fprintf(&b, `%s="%s"`, labels[i], labelEscaper.Replace(clean(labels[i+1])))
	}
	if len(labels) > 0 {
		b.WriteString("}")
	}
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	if series := b.String(); !m.seen[series] {
		m.seen[series] = true
		fmt.Fprintf(&m.buf, "%s %s\n", series, strconv.FormatFloat(v, 'g', -1, 64))
	}
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// values writes those of a record that belong to the family.
func (m *metrics) values(family, suffix string, values map[string]float64, labels []string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kind, v := "quantity", values[name]
		u, stem, ok := unitOf(name)
		switch {
		case ok && u.ms > 0:
			kind, v = "seconds", v/(1000/u.ms) // dividing keeps 4.2 ms at 0.0042
		case ok:
			kind = "bytes"
		}
		if kind == suffix {
			m.sample(family, v, append(slices.Clone(labels), "value", stem)...)
		}
	}
}

func labelPairs(l measure.Labels) []string {
	return []string{"technique", l.Technique, "proxy", l.Proxy, "client", l.Client, "http", l.HTTP, "tls", strconv.FormatBool(l.TLS), "variant", l.Variant}
}

package reports

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// verdictOrder is the order in which reports list verdicts: worst news of the
// path first, then what says nothing about it.
var verdictOrder = []measure.Verdict{
	measure.Broken, measure.Degraded, measure.Works,
	measure.HarnessFailed, measure.SetupFailed, measure.Unsupported, measure.Skipped, measure.Untested,
}

// headline is the result in one line.
func (r *result) headline() string {
	n := r.counts()
	judged := n[measure.Works] + n[measure.Degraded] + n[measure.Broken]
	switch {
	case len(r.cells) == 0 && len(r.loads()) > 0:
		return count(len(r.loads()), "load step")
	case len(r.cells) == 0 && len(r.claims()) > 0:
		return claimTally(r.claims())
	case len(r.cells) == 0:
		return "No cell was measured"
	case judged == 0:
		return fmt.Sprintf("None of %s has a verdict", count(len(r.cells), "cell"))
	case judged == n[measure.Works]:
		if judged == 1 {
			return "The one judged cell works"
		}
		return fmt.Sprintf("All %s work", count(judged, "judged cell"))
	}
	var parts []string
	if n[measure.Broken] > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", n[measure.Broken]))
	}
	if n[measure.Degraded] > 0 {
		parts = append(parts, fmt.Sprintf("%d degraded", n[measure.Degraded]))
	}
	return fmt.Sprintf("%s of %s", and(parts), count(judged, "judged cell"))
}

// tally lists the verdicts that occur, as "41 broken, 20 degraded".
func (r *result) tally() string {
	n := r.counts()
	var parts []string
	for _, v := range verdictOrder {
		if n[v] > 0 {
			word := markOf(v).Word
			if v == measure.Works && n[v] > 1 {
				word = "work"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n[v], word))
			delete(n, v)
		}
	}
	rest := 0
	for _, k := range n {
		rest += k
	}
	if rest > 0 {
		parts = append(parts, fmt.Sprintf("%d unknown to this program", rest))
	}
	return strings.Join(parts, ", ")
}

// scope says what was measured.
func (r *result) scope() string {
	clients := map[string]bool{}
	for _, g := range r.groups {
		clients[g.client] = true
	}
	return fmt.Sprintf("%s: %s through %s, received by %s", count(len(r.cells), "cell"),
		count(len(r.techniques), "technique"), plural(len(r.proxies), "proxy", "proxies"), count(len(clients), "client"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(float64(n)) + " " + many
}

// caveats are the sentences a reader must not miss: interruption, merging,
// lines that were not understood.
func (r *result) caveats() []string {
	var out []string
	for _, run := range r.interrupted() {
		out = append(out, interruption(run))
	}
	if r.unjudged > 0 {
		out = append(out, fmt.Sprintf("%s had begun when the run stopped and %s no verdict.", count(r.unjudged, "cell"), verb(r.unjudged, "has", "have")))
	}
	if len(r.runs) == 1 && r.runs[0].Record.Shard != nil {
		rec := r.runs[0].Record
		out = append(out, fmt.Sprintf("This is shard %d of %d: %d of %s. cometbench report DIR… merges them.", rec.Shard.Index, rec.Shard.Of, rec.Planned, count(rec.Shard.Cells, "planned cell")))
	} else {
		for _, m := range measure.Missing(r.runs) {
			out = append(out, m.String())
		}
	}
	if n := r.wavering(); n > 0 {
		out = append(out, fmt.Sprintf("%s: not every measurement came out the same.", plural(n, "cell wavers", "cells waver")))
	}
	if len(r.runs) > 1 {
		s := fmt.Sprintf("Merged from %d runs.", len(r.runs))
		if r.replaced > 0 {
			s += fmt.Sprintf(" %s measured more than once: the later run counts.", count(r.replaced, "cell")+verb(r.replaced, " was", " were"))
		}
		out = append(out, s)
	}
	if rumoured := r.rumoured(); len(rumoured) > 0 {
		names := make([]string, min(len(rumoured), 5))
		for i := range names {
			names[i] = short(rumoured[i].Name, 60)
		}
		if left := len(rumoured) - len(names); left > 0 {
			names = append(names, fmt.Sprintf("%d more", left))
		}
		out = append(out, fmt.Sprintf("%s simulated from hearsay in parts (%s): what was measured there holds for the real service only as far as the hearsay does.",
			plural(len(rumoured), "proxy is", "proxies are"), and(names)))
	}
	warnings := 0
	for _, run := range r.runs {
		warnings += len(run.Warnings)
	}
	if warnings > 0 {
		out = append(out, fmt.Sprintf("%s of the results %s not understood and left out.", count(warnings, "line"), verb(warnings, "was", "were")))
	}
	return out
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func interruption(run *measure.Run) string {
	id := short(clean(run.Record.ID), 60)
	cells, _ := measure.Merge(run)
	if run.Record.Planned > 0 {
		return fmt.Sprintf("Run %s was interrupted: %d of %s are on record.", id, len(cells), count(run.Record.Planned, "planned cell"))
	}
	return fmt.Sprintf("Run %s was interrupted: %s %s on record.", id, count(len(cells), "cell"), verb(len(cells), "is", "are"))
}

// fact is a named piece of knowledge about a run.
type fact struct{ Name, Text string }

// facts says when, where and how a run was made.
func facts(run *measure.Run) []fact {
	rec := run.Record
	state := "interrupted; what is here was measured before"
	when := stamp(rec.Started)
	if run.End != nil {
		when += ", took " + took(run.End.Finished.Sub(rec.Started))
		if run.End.Complete {
			state = "complete"
		}
	}
	return append([]fact{{"Run", clean(rec.ID)}, {"State", state}, {"When", when}}, conditions(rec)...)
}

// conditions says where and how a run was made.
func conditions(rec measure.RunRecord) []fact {
	out := []fact{{"Machine", machine(rec.Host)}}
	if tool := strings.TrimSpace(clean(rec.Tool.Version) + " " + short(clean(rec.Tool.Commit), 12)); tool != "" {
		out = append(out, fact{"Tool", "cometbench " + tool})
	}
	out = append(append(out, visitorOf(rec.Visitor)...), intent(rec)...)
	out = append(out, fact{"Seed", fmt.Sprint(rec.Seed)}, fact{"Time", timeScale(rec.TimeScale)}, fact{"Noise floor", noise(rec.NoiseFloor)})
	if len(rec.Command) > 0 {
		out = append(out, fact{"Command", commandLine(rec.Command)})
	}
	return out
}

// visitorOf says who came to be measured, and by which way.
func visitorOf(v *measure.VisitRecord) []fact {
	if v == nil {
		return nil
	}
	way := "HTTP/" + clean(v.HTTP)
	if v.TLS {
		way += " over TLS"
	}
	way += fmt.Sprintf(", %s for a small request there and back", span(v.RoundTripMS))
	if v.Via != "" {
		way += ", via " + clean(v.Via)
	}
	return []fact{{"Visitor", clean(v.UserAgent)}, {"Way", way}}
}

// intent says what a run set out to do beyond the usual.
func intent(rec measure.RunRecord) []fact {
	var out []fact
	if rec.Suite != "" {
		out = append(out, fact{"Suite", clean(rec.Suite)})
	}
	if rec.Shard != nil {
		out = append(out, fact{"Shard", fmt.Sprintf("%s: %d of %s", rec.Shard, rec.Planned, count(rec.Shard.Cells, "cell"))})
	}
	if rec.Repeat > 1 {
		out = append(out, fact{"Repeated", fmt.Sprintf("each cell measured %d times", rec.Repeat)})
	}
	if t := rec.Thresholds(); t != (measure.Thresholds{}).OrUsual() {
		out = append(out, fact{"Thresholds", fmt.Sprintf("prompt up to %s, broken beyond %s", limit(t.Prompt), limit(t.Late))})
	}
	return out
}

// wavering counts the cells whose measurements differ.
func (r *result) wavering() int {
	n := 0
	for _, c := range r.cells {
		n += btoi(c.Wavers)
	}
	return n
}

// waver lists the verdicts of a cell that wavers, "" for one that does not.
func (c *cell) waver() string {
	if !c.Wavers {
		return ""
	}
	return waver(c.Verdicts)
}

func waver(verdicts []measure.Verdict) string {
	words := make([]string, len(verdicts))
	for i, v := range verdicts {
		words[i] = markOf(v).Word
	}
	return "wavers: " + strings.Join(words, ", ")
}

func machine(h measure.Host) string {
	if h == (measure.Host{}) {
		return "a machine that is not on record"
	}
	parts := []string{strings.TrimSuffix(clean(h.OS)+"/"+clean(h.Arch), "/"), plural(h.CPUs, "CPU", "CPUs")}
	if h.MemoryBytes > 0 {
		parts = append(parts, size(float64(h.MemoryBytes))+" of memory")
	}
	if h.CongestionControl != "" {
		parts = append(parts, "TCP "+clean(h.CongestionControl))
	}
	return strings.Join(parts, ", ")
}

func timeScale(f float64) string {
	if f == 0 || f == 1 {
		return "real scale"
	}
	return fmt.Sprintf("limits of simulated proxies and their origins ran at %s of their length; delays, sizes and real proxies were never scaled, and limits are reported unscaled", strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", f), "0"), "."))
}

func noise(m map[string]float64) string {
	if len(m) == 0 {
		return "not measured"
	}
	return strings.Join(values(m), ", ") + ", over the direct path"
}

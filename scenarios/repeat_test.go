package scenarios

import (
	"slices"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// roundOf is a measurement of a cell with one check.
func roundOf(v measure.Verdict, cause string, p50 float64) round {
	l := measure.Labels{Technique: "eventsource", Proxy: "real:nginx", Client: "go"}
	k := measure.CheckRecord{Cell: l.ID(), Labels: l, Check: "delivery/steady", Kind: measure.Required, Axis: measure.Delivery, Verdict: v, Cause: cause,
		Values: map[string]float64{"delay_p50_ms": p50, "received": 10, "opened_per_s": 5}}
	out := outcome{checks: []measure.CheckRecord{k}}
	return round{measure.Judge(l, out.checks), out}
}

func TestSettledRounds(t *testing.T) {
	const w, b = measure.Works, measure.Broken
	rounds := []round{roundOf(b, "buffered", 900), roundOf(w, "", 10), roundOf(b, "idle-timeout", 700), roundOf(b, "idle-timeout", 800)}
	rec, out := settle(rounds)
	if rec.Verdict != b || rec.Cause != "idle-timeout" || !rec.Wavers || !slices.Equal(rec.Verdicts, []measure.Verdict{b, w, b, b}) {
		t.Errorf("the cell is %+v", rec)
	}
	k := out.checks[0]
	if k.Cause != "idle-timeout" || k.Values["delay_p50_ms"] != 700 || !slices.Equal(k.Verdicts, []measure.Verdict{b, w, b, b}) {
		t.Errorf("its check is not that of the first measurement with verdict and cause: %+v", k)
	}
	if len(k.Samples) != 1 || !slices.Equal(k.Samples["delay_p50_ms"], []float64{900, 10, 700, 800}) {
		t.Errorf("samples %v, want the durations of all measurements in order, and nothing else", k.Samples)
	}
	if rounds[2].checks[0].Samples != nil {
		t.Error("the measurement itself was changed")
	}

	rec, out = settle(rounds[:1])
	if rec.Verdicts != nil || rec.Wavers || out.checks[0].Samples != nil || out.checks[0].Verdicts != nil {
		t.Errorf("measured once: %+v, %+v", rec, out.checks[0])
	}
}

func TestDurationNames(t *testing.T) {
	for name, want := range map[string]bool{"delay_p50_ms": true, "idle_limit_s": true, "mean_us": true, "opened_per_s": false, "received": false, "held_bytes_min": false, "hits": false} {
		if isDuration(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

// Cells that share a control may be asked different things: the control is
// asked all of it, and its own cell shows what that cell was asked.
func TestControlIsAskedForAll(t *testing.T) {
	direct, err := controlOf(nil)
	if err != nil {
		t.Fatal(err)
	}
	one := func(proxy string, checks ...Check) cell {
		return cell{labels: measure.Labels{Technique: "eventsource", Proxy: proxy, Client: "go", HTTP: "1.1"}, path: direct, checks: checks}
	}
	d, p, q := one("direct", DeliveryFirst()), one("p", DeliveryBurst(), DeliveryFirst()), one("q", EndingAbort())
	controls := controlsOf([]cell{d, p, q}, map[string]bool{q.labels.ID(): true})
	if len(controls) != 1 {
		t.Fatalf("%d controls", len(controls))
	}
	var ids []string
	ctl := controls[d.control()]
	ctl.outcome = outcome{evidence: map[string]*Evidence{}}
	for _, check := range ctl.checks {
		ids = append(ids, check.ID)
		ctl.outcome.checks = append(ctl.outcome.checks, measure.CheckRecord{Check: check.ID})
		for _, trial := range check.Trials {
			ctl.outcome.evidence[trial.Name] = new(Evidence)
		}
	}
	if want := []string{"delivery/first", "delivery/burst"}; !slices.Equal(ids, want) {
		t.Errorf("the control is asked %v, want %v: what a cell is asked that has ended needs none", ids, want)
	}
	mine := ctl.asked(d)
	if len(mine.checks) != 1 || mine.checks[0].Check != "delivery/first" || mine.evidence[burstName] != nil {
		t.Errorf("its own cell shows %v", mine)
	}
}

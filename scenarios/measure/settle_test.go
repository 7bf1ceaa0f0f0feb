package measure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestSettle(t *testing.T) {
	names := map[byte]measure.Verdict{'w': measure.Works, 'd': measure.Degraded, 'b': measure.Broken, 'h': measure.HarnessFailed, 's': measure.Skipped, 'u': measure.Unsupported}
	for _, tt := range []struct {
		verdicts, want string
		wavers         bool
	}{
		{"w", "w", false},
		{"b", "b", false},
		{"www", "w", false},
		{"wb", "b", true},   // all differ: the worst
		{"wdb", "b", true},  // likewise
		{"wwb", "w", true},  // broken once is not believed
		{"bwb", "b", true},  // twice is
		{"wwdd", "d", true}, // the worst of those that occur twice
		{"wwddb", "d", true},
		{"wh", "w", true}, // what says nothing does not outvote what does
		{"wbh", "b", true},
		{"whh", "h", true}, // but for twice against once
		{"wwhh", "w", true},
		{"hh", "h", false},
		{"uu", "u", false},
	} {
		var verdicts []measure.Verdict
		for i := range len(tt.verdicts) {
			verdicts = append(verdicts, names[tt.verdicts[i]])
		}
		if got := measure.Settle(verdicts); got != names[tt.want[0]] {
			t.Errorf("%s settles to %s, want %s", tt.verdicts, got, names[tt.want[0]])
		}
		if got := measure.Wavers(verdicts); got != tt.wavers {
			t.Errorf("%s wavers: %t", tt.verdicts, got)
		}
	}
	if got := measure.Settle(nil); got != measure.Untested {
		t.Errorf("nothing settles to %s", got)
	}
}

func TestThresholdsOfOnesOwn(t *testing.T) {
	strict := measure.Thresholds{Prompt: 50 * time.Millisecond, Late: time.Second}
	for _, tt := range []struct {
		p99, interval time.Duration
		want          measure.Thresholds
	}{
		{0, 0, strict},
		{5 * time.Millisecond, 0, strict}, // five times that is still less
		{30 * time.Millisecond, 0, measure.Thresholds{Prompt: 150 * time.Millisecond, Late: time.Second}}, // noise is not the path's
		{0, 250 * time.Millisecond, measure.Thresholds{Prompt: 300 * time.Millisecond, Late: 1250 * time.Millisecond}},
	} {
		if got := strict.For(tt.p99, tt.interval); got != tt.want {
			t.Errorf("control %s, interval %s: %+v, want %+v", tt.p99, tt.interval, got, tt.want)
		}
	}
	if got := (measure.Thresholds{Late: 5 * time.Second}).OrUsual(); got.Prompt != measure.PromptFloor || got.Late != 5*time.Second {
		t.Errorf("filled in: %+v", got)
	}
}

func TestParseShard(t *testing.T) {
	if s, err := measure.ParseShard("2/3"); err != nil || s.Index != 2 || s.Of != 3 || s.String() != "2/3" {
		t.Errorf("2/3: %+v, %v", s, err)
	}
	for _, bad := range []string{"", "2", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b", "1/1001"} {
		if s, err := measure.ParseShard(bad); err == nil {
			t.Errorf("%q is shard %+v", bad, s)
		}
	}
}

func TestMissingShards(t *testing.T) {
	shard := func(plan string, i, of, planned, cells int) *measure.Run {
		return &measure.Run{Record: measure.RunRecord{Planned: planned, Shard: &measure.Shard{Index: i, Of: of, Plan: plan, Cells: cells}}}
	}
	all := []*measure.Run{shard("a", 1, 3, 4, 10), shard("a", 2, 3, 3, 10), shard("a", 3, 3, 3, 10), {}}
	if m := measure.Missing(all); len(m) != 0 {
		t.Errorf("all are here, and %v is missing", m)
	}
	some := []*measure.Run{shard("a", 2, 4, 3, 10), shard("a", 2, 4, 3, 10), shard("b", 1, 2, 5, 9)}
	m := measure.Missing(some)
	if len(m) != 2 {
		t.Fatalf("missing: %v", m)
	}
	if got, want := m[0].String(), "Shards 1, 3 and 4 of 4 are missing: 7 of 10 planned cells are not here."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := m[1].String(), "Shard 2 of 2 is missing: 4 of 9 planned cells are not here."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMerge(t *testing.T) {
	first := &measure.Run{Cells: []measure.CellRecord{cell("eventsource", measure.Works), cell("websocket", measure.Works)}}
	es := cell("eventsource", measure.Broken)
	again := &measure.Run{
		Cells:  []measure.CellRecord{cell("eventsource", measure.Works), es}, // measured again in the same run: the later line counts
		Checks: []measure.CheckRecord{{Labels: es.Labels, Check: "delivery/steady", Got: "old"}, {Labels: es.Labels, Check: "delivery/steady", Got: "new"}},
	}
	ws := cell("websocket", measure.Works)
	cut := &measure.Run{Checks: []measure.CheckRecord{{Labels: ws.Labels, Check: "delivery/steady", Verdict: measure.Broken}}} // interrupted inside it
	out, replaced := measure.Merge(first, again, cut)
	if len(out) != 2 || replaced != 2 {
		t.Errorf("%d cells, %d replaced", len(out), replaced)
	}
	if r := out[es.Labels]; r.Verdict != measure.Broken || r.Run != again || len(r.Checks) != 1 || r.Checks[0].Got != "new" {
		t.Errorf("eventsource: %+v", r)
	}
	if r := out[ws.Labels]; r.Verdict != measure.Works || r.Run != first || !r.Judged() {
		t.Errorf("a cell that was never judged took the place of one that was: %+v", r)
	}
	if out, _ := measure.Merge(cut); out[ws.Labels].Judged() || out[ws.Labels].Verdict != measure.Untested {
		t.Errorf("a cell without its line: %+v", out[ws.Labels])
	}
}

func TestReadResults(t *testing.T) {
	dir := write(t, runLine, cell("eventsource", measure.Works))
	for _, path := range []string{dir, dir + "/" + measure.ResultsFile} {
		run, err := measure.ReadResults(path)
		if err != nil || len(run.Cells) != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := measure.ReadResults(dir + "/none.jsonl"); err == nil || !strings.Contains(err.Error(), "none.jsonl") {
		t.Errorf("a file that is not there: %v", err)
	}
}

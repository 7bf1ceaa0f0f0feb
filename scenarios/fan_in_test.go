package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// crowded is a crowd of streams, the last stage of which opened at 100 ms and
// was ended at 3 s.
func crowded(stage Stage, streams ...played) *Evidence {
	e := *streams[0].Evidence
	e.Stages = []Stage{{Direct: time.Millisecond, Ordinary: time.Millisecond}, {Streams: 1, Direct: time.Millisecond}}
	if stage.Streams == 0 {
		stage.Streams = len(streams)
	}
	e.Stages = append(e.Stages, stage)
	for _, s := range streams {
		s.Released = s.at(3000)
		e.Parts = append(e.Parts, s.Evidence)
	}
	return &e
}

func TestFanInIsJudged(t *testing.T) {
	dialled := measure.Event{Kind: measure.Dial, Conn: 1}
	served := func() played { return opened().client(0, dialled) }
	well, starved := Stage{Direct: time.Millisecond}, Stage{Direct: -1}
	refusal := measure.Event{Kind: measure.Headers, Status: 503, Conn: 1}
	for name, tt := range map[string]struct {
		e       *Evidence
		verdict measure.Verdict
		cause   string
		word    string
	}{
		"all open":         {crowded(well, served(), served()), measure.Works, "", "all 2 streams"},
		"refused":          {crowded(well, served(), play().client(100, dialled).client(101, refusal)), measure.Broken, "connection-limit", "1 of 2"},
		"closed":           {crowded(well, served(), play().client(100, dialled).client(101, ended(measure.EndFIN))), measure.Broken, "connection-limit", "closed 1 connections"},
		"never dialled":    {crowded(well, served(), play()), measure.Degraded, "browser-connection-limit", "1 never left the client"},
		"served later":     {crowded(well, served(), play().client(100, dialled).client(3001, head)), measure.Broken, "thread-starvation", "1 waited at the path"},
		"origin is full":   {crowded(starved, served(), play().client(100, dialled).client(101, refusal)), measure.Broken, "thread-starvation", "the origin itself"},
		"no answer":        {crowded(well, served(), play().client(100, dialled)), measure.Broken, "half-open", "neither served nor refused"},
		"refused, then in": {crowded(well, served(), served().client(50, refusal)), measure.Degraded, "connection-limit", "refused 1 requests"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judgeFanIn(streaming("eventsource"), tt.e)
			if f.Verdict != tt.verdict || f.Cause != tt.cause || !strings.Contains(f.Got, tt.word) {
				t.Errorf("%s because %q: %s; want %s because %q, with %q", f.Verdict, f.Cause, f.Got, tt.verdict, tt.cause, tt.word)
			}
		})
	}
}

// Messages that come late with many streams only are the crowd's fault; with a
// single one already, nothing can be said.
func TestFanInLateness(t *testing.T) {
	stream := func(came int) played { return opened().message("a", 10, 11).message("b", 500, came) }
	late := crowded(Stage{First: 1, Last: 2, Direct: time.Millisecond}, stream(501), stream(1400))
	late.Stages[1].First, late.Stages[1].Last = 0, 1
	if f := judgeFanIn(streaming("eventsource"), late); f.Verdict != measure.Degraded || f.Cause != "unknown" || !f.Doubtful || f.Values["delay_max_ms"] != 900 {
		t.Errorf("%s because %q: %s %v", f.Verdict, f.Cause, f.Got, f.Values)
	}
	late.Stages[1].First, late.Stages[1].Last = 0, 2
	late.Parts[0].Client[len(late.Parts[0].Client)-1].T += 2_000_000
	if f := judgeFanIn(streaming("eventsource"), late); f.Verdict != measure.Untested {
		t.Errorf("late with one: %s: %s", f.Verdict, f.Got)
	}
}

func TestNonceOf(t *testing.T) {
	e := measure.Event{Kind: measure.Headers, Sub: 2, Note: "technique=eventsource nonce=a+b-1.page-3 accept-encoding=gzip"}
	if got := nonceOf(e); got != "a b-1" {
		t.Errorf("nonce %q", got)
	}
	other := measure.Event{Kind: measure.Headers, Sub: 1, Note: "nonce=x"}
	write := measure.Event{Kind: measure.Write, Sub: 2}
	publish := measure.Event{Kind: measure.Publish}
	if got := ofNonce([]measure.Event{other, e, publish, write}, "a b-1"); len(got) != 2 || got[0].Sub != 2 || got[1].Kind != measure.Write {
		t.Errorf("kept %v", got)
	}
	if got := takenOn([]measure.Event{other, e, e}); len(got) != 2 {
		t.Errorf("taken on %v", got)
	}
}

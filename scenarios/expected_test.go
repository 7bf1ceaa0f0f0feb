package scenarios

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// habit is how an application that nobody watches sends: the times of one
// answer, and when it ends.
type habit func(r *rand.Rand) (sent []time.Duration, ends time.Duration)

// evenly sends every gap, always the same.
func evenly(gap time.Duration, n int) habit {
	return func(*rand.Rand) ([]time.Duration, time.Duration) {
		sent := every(gap, n, 40*msec)
		return sent, sent[n-1] + msec
	}
}

// model sends as language models do: a first token after 0.2 to 2 s, gaps of
// 5 to 60 ms, now and then a pause, never as many as the last time.
func model(r *rand.Rand) ([]time.Duration, time.Duration) {
	at := time.Duration(200+r.IntN(1800)) * msec
	var sent []time.Duration
	for range 30 + r.IntN(60) {
		sent = append(sent, at)
		at += time.Duration(5+r.IntN(55)) * msec
		if r.IntN(15) == 0 {
			at += time.Duration(r.IntN(900)) * msec
		}
	}
	return sent, at
}

// news sends rarely, and now and then several at once.
func news(r *rand.Rand) ([]time.Duration, time.Duration) {
	at := time.Duration(r.IntN(300)) * msec
	var sent []time.Duration
	for range 6 + r.IntN(8) {
		for range 1 + r.IntN(2)*r.IntN(3) {
			sent = append(sent, at)
			at += time.Duration(r.IntN(3)) * msec
		}
		at += time.Duration(r.ExpFloat64() * float64(700*msec))
	}
	return sent, at
}

// bursts sends tens of messages at once, each second or so.
func bursts(r *rand.Rand) ([]time.Duration, time.Duration) {
	at := time.Duration(r.IntN(500)) * msec
	var sent []time.Duration
	for range 4 {
		for range 5 + r.IntN(20) {
			sent = append(sent, at)
			at += time.Duration(r.IntN(4)) * msec
		}
		at += time.Duration(500+r.IntN(1000)) * msec
	}
	return sent, at
}

// road is a path as it lies: how far it is, and what it does.
type road struct {
	trip   time.Duration // a round trip
	jitter time.Duration
	path   pathModel
	stamps bool
}

// ask is one exchange along a road.
func (w road) ask(r *rand.Rand, h habit) *Evidence {
	sent, ends := h(r)
	start := time.Now().Add(time.Duration(r.IntN(1e9))).Truncate(time.Microsecond)
	e := &Evidence{Trial: appName, Started: start}
	us := func(d time.Duration) int64 { return start.Add(d).UnixMicro() }
	ready := 2 * w.trip // the answer begins no sooner
	e.Client = append(e.Client, measure.Event{Kind: measure.Dial, T: us(w.trip)}, measure.Event{Kind: measure.Headers, Status: 200, T: us(ready)})
	last := ready
	path := w.path
	if path == nil {
		path = prompt
	}
	for i, at := range sent {
		came, ok := path(i, at, sent, 50, ends)
		if !ok {
			continue
		}
		came += ready + time.Duration(r.Int64N(int64(w.jitter)+1))
		last = max(last, came) // in order, as TCP has it
		ev := measure.Event{Kind: measure.Received, ID: strconv.Itoa(i + 1), T: us(last), Bytes: 50, Sum: fmt.Sprint(r.Int())}
		if w.stamps {
			ev.SentUS = us(at+ready) + 3_600_000_000 // its clock is an hour ahead
		}
		e.Client = append(e.Client, ev)
	}
	e.Client = append(e.Client, measure.Event{Kind: measure.End, T: us(max(last, ends+ready) + msec), EndKind: measure.EndClean})
	e.connected(false)
	return e
}

// compare asks along two roads in turn, and judges the second.
func compare(t *testing.T, seed uint64, h habit, first, second road) func(check string) Finding {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var control, other []*Evidence
	for range viaRounds {
		control = append(control, first.ask(r, h))
		other = append(other, second.ask(r, h))
	}
	for i := range viaRounds {
		control[i].expect(control, control)
		other[i].expect(control, other)
	}
	whole := func(parts []*Evidence) map[string]*Evidence {
		e := *parts[0]
		e.Parts = parts
		return map[string]*Evidence{appName: &e}
	}
	spec := &app.Spec{URL: "http://app.example/"}
	if second.stamps {
		spec.Sent = "/t"
	}
	if err := spec.Check(); err != nil {
		t.Fatal(err)
	}
	c := Case{Technique: measure.App(""), Limits: measure.NewThresholds(0, 0), App: spec, Evidence: whole(other), Control: whole(control)}
	return func(check string) Finding { return judgeOf(t, check)(c) }
}

// TestViaBlamesNobody: whatever an application's habits, a path that passes
// everything on is not found to be late, near or far.
func TestViaBlamesNobody(t *testing.T) {
	near, far := road{trip: msec, jitter: 3 * msec}, road{trip: 120 * msec, jitter: 60 * msec}
	bad := 0
	for name, h := range map[string]habit{"evenly": evenly(200*msec, 12), "quickly": evenly(25*msec, 60), "slowly": evenly(1500*msec, 5), "model": model, "news": news, "bursts": bursts} {
		for _, second := range []road{near, far} {
			for _, stamps := range []bool{false, true} {
				first := near
				first.stamps, second.stamps = stamps, stamps
				for seed := range uint64(12) {
					judge := compare(t, seed, h, first, second)
					for _, check := range []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/gaps", "delivery/latency", "ending/truncated"} {
						f := judge(check)
						if f.Verdict != measure.Degraded && f.Verdict != measure.Broken {
							continue
						}
						if bad++; bad < 10 {
							t.Errorf("%s, %s away, send times %v, seed %d: %s: %s because %q (%s)", name, second.trip, stamps, seed, check, f.Verdict, f.Cause, f.Got)
						}
					}
				}
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d false verdicts in all", bad)
	}
}

// TestViaFindsTrouble: what a path does to messages shows in spite of the
// habits of the application.
func TestViaFindsTrouble(t *testing.T) {
	const degraded, broken = measure.Degraded, measure.Broken
	for _, tt := range []struct {
		name     string
		h        habit
		path     pathModel
		check    string
		verdicts []measure.Verdict
		causes   string
	}{
		{"until close, evenly", evenly(200*msec, 12), untilClose, "delivery/steady", []measure.Verdict{broken}, "buffered"},
		{"until close, a model", model, untilClose, "delivery/steady", []measure.Verdict{broken}, "buffered"},
		{"until close, news", news, untilClose, "delivery/steady", []measure.Verdict{broken}, "buffered"},
		{"until close, bursts", bursts, untilClose, "delivery/steady", []measure.Verdict{broken}, "buffered"},
		{"blocks, evenly", evenly(200*msec, 30), untilBytes(500), "delivery/steady", []measure.Verdict{degraded, broken}, "buffer-until-bytes"},
		{"blocks, a model", model, untilBytes(1000), "delivery/steady", []measure.Verdict{degraded, broken}, "buffer-until-bytes buffered hold-timer"},
		{"a late first", evenly(200*msec, 12), scanned(1500 * msec), "delivery/first", []measure.Verdict{degraded}, "scan prelude-dependent"},
		{"from a cache, evenly", evenly(200*msec, 12), inOnePiece, "delivery/steady", []measure.Verdict{broken}, "cached"},
		{"from a cache, a model", model, inOnePiece, "delivery/steady", []measure.Verdict{broken}, "cached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			near := road{trip: msec, jitter: 3 * msec}
			bad := near
			bad.path = tt.path
			for seed := range uint64(20) {
				f := compare(t, seed, tt.h, near, bad)(tt.check)
				if !slices.Contains(tt.verdicts, f.Verdict) || !slices.Contains(strings.Fields(tt.causes), f.Cause) {
					t.Errorf("seed %d: %s because %q (%s)", seed, f.Verdict, f.Cause, f.Got)
				}
			}
		})
	}
}

// inOnePiece gives all of an answer that was given before.
func inOnePiece(i int, _ time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
	return time.Duration(i) * time.Microsecond * 50, true
}

// TestViaReplay: messages that say themselves that they are older than the
// request are no answer to it.
func TestViaReplay(t *testing.T) {
	near := road{trip: msec, jitter: msec, stamps: true}
	r := rand.New(rand.NewPCG(1, 1))
	control := []*Evidence{near.ask(r, evenly(200*msec, 12)), near.ask(r, evenly(200*msec, 12))}
	replay := near.ask(r, evenly(200*msec, 12))
	for i := range replay.Client {
		if replay.Client[i].SentUS != 0 {
			replay.Client[i].SentUS -= 60_000_000
		}
	}
	for _, c := range control {
		c.expect(control, control)
	}
	replay.expect(control, []*Evidence{replay})
	c := Case{Technique: measure.App(""), Limits: measure.NewThresholds(0, 0), App: &app.Spec{Sent: "/t"},
		Evidence: map[string]*Evidence{appName: replay}, Control: map[string]*Evidence{appName: control[0]}}
	if f := judgeOf(t, "delivery/steady")(c); f.Verdict != measure.Broken || f.Cause != "cached" {
		t.Errorf("%s because %q (%s)", f.Verdict, f.Cause, f.Got)
	}
}

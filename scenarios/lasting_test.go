package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// living is a busy exchange of 18 s; cut is when the path ended it and how, 0
// for never.
func living(part string, cut time.Duration, kind measure.EndKind) *Evidence {
	path := prompt
	e := evidence(18, lastingSpacing, 110, path)
	e.Part = part
	if cut == 0 {
		return e
	}
	at := e.Started.Add(cut)
	before := func(ev measure.Event) bool { return ev.T < at.UnixMicro() }
	var client, origin []measure.Event
	for _, ev := range e.Client {
		if before(ev) {
			client = append(client, ev)
		}
	}
	for _, ev := range e.Origin {
		if before(ev) {
			origin = append(origin, ev)
		}
	}
	e.Client, e.Origin, e.Released = client, origin, time.Time{}
	if kind != measure.EndSilence {
		e.Client = append(client, measure.Event{Kind: measure.End, EndKind: kind, T: at.UnixMicro()})
	}
	return e
}

func TestLasting(t *testing.T) {
	const after = 16500 * time.Millisecond
	dead := living(firstLife, after, measure.EndSilence)
	dead.Released = dead.Started.Add(20 * time.Second)
	late := evidence(18, lastingSpacing, 110, untilClose)
	late.Part = firstLife
	for name, tt := range map[string]struct {
		parts   []*Evidence
		c       Case
		verdict measure.Verdict
		cause   string
	}{
		"lives":                    {[]*Evidence{living(firstLife, 0, "")}, streamCase, measure.Works, ""},
		"cut, and cut again":       {[]*Evidence{living(firstLife, after, measure.EndFIN), living(nextLife, after, measure.EndFIN)}, streamCase, measure.Degraded, "max-duration"},
		"cut as if it had ended":   {[]*Evidence{living(firstLife, after, measure.EndClean), living(nextLife, after, measure.EndClean)}, streamCase, measure.Degraded, "truncated"},
		"cut once":                 {[]*Evidence{living(firstLife, after, measure.EndFIN), living(nextLife, 0, "")}, streamCase, measure.Degraded, "reload"},
		"a socket, killed at once": {[]*Evidence{living(firstLife, time.Second, measure.EndFIN), living(nextLife, time.Second, measure.EndFIN)}, socketCase, measure.Degraded, "upgrade-killed"},
		"dead without a word":      {[]*Evidence{dead}, streamCase, measure.Broken, "half-open"},
		"held back, and alive":     {[]*Evidence{late}, streamCase, measure.Works, ""},
	} {
		t.Run(name, func(t *testing.T) { found(t, judgeLasting(tt.c, inParts(tt.parts...)), tt.verdict, tt.cause) })
	}
}

// An answer that ends itself soon shows no more than that it was held.
func TestSetFreeByEnds(t *testing.T) {
	const spacing = 250 // ms
	closing := streamCase
	closing.Technique.EndsItself = true
	play := func(came func(i int) int) *Evidence {
		e := opened()
		for i := range 8 {
			sent := 100 + i*spacing
			e = e.message(string(rune('a'+i)), sent, came(i))
			if i%2 == 1 {
				e = e.origin(100+(i-1)*spacing+500, measure.Event{Kind: measure.End, Sub: i/2 + 1})
			}
		}
		e.Released = e.at(9000)
		return e.client(9001, ended(measure.EndClean)).Evidence
	}
	atEnd := play(func(i int) int { return 100 + i/2*2*spacing + 503 })
	latency := play(func(i int) int { return 100 + i*spacing + 390 })
	found(t, judgeDelivery(closing, atEnd, false), measure.Degraded, "buffered")
	found(t, judgeDelivery(closing, latency, false), measure.Degraded, "unknown")
	if f := judgeDelivery(streamCase, atEnd, false); f.Cause == "buffered" {
		t.Errorf("a stream that stays open: %s", f.Got)
	}
}

// What never came was held and thrown away, if the answer ended without it; cut
// away, if answers broke off.
func TestMissingNamesItsCause(t *testing.T) {
	lost := func(kind measure.EndKind, path pathModel) *Evidence {
		e := evidence(steadyCount, steadySpacing, 110, path)
		e.Client[len(e.Client)-1] = measure.Event{Kind: measure.End, EndKind: kind, T: e.Released.Add(time.Millisecond).UnixMicro()}
		return e
	}
	never := func(int, time.Duration, []time.Duration, int, time.Duration) (time.Duration, bool) { return 0, false }
	half := func(i int, sent time.Duration, all []time.Duration, size int, release time.Duration) (time.Duration, bool) {
		at, _ := prompt(i, sent, all, size, release)
		return at, i < 5
	}
	squeezed := lost(measure.EndFIN, half)
	squeezed.Client[0].Encoding = "gzip"
	silent := lost(measure.EndFIN, never)
	silent.Client = silent.Client[:len(silent.Client)-1]
	found(t, judgeDelivery(streamCase, lost(measure.EndFIN, never), false), measure.Broken, "buffered")
	found(t, judgeDelivery(streamCase, silent, false), measure.Broken, "half-open")
	twice := streamCase
	twice.Repeated = 2
	found(t, judgeDelivery(twice, lost(measure.EndFIN, never), false), measure.Broken, "request-repeated")
	found(t, judgeDelivery(streamCase, lost(measure.EndFIN, half), false), measure.Broken, "buffered")
	found(t, judgeDelivery(streamCase, squeezed, false), measure.Broken, "compression")

	back := lost(measure.EndStatus, half)
	again := func(origin ...measure.Event) *Evidence {
		e := *back
		e.Client, e.Origin = slices.Clone(back.Client), append(slices.Clone(back.Origin), origin...)
		at := e.Released.Add(-time.Second).UnixMicro()
		e.Client = slices.Insert(e.Client, len(e.Client)-1, measure.Event{Kind: measure.End, EndKind: measure.EndFIN, T: at}, measure.Event{Kind: measure.Reconnect, T: at + 1})
		return &e
	}
	found(t, judgeDelivery(streamCase, back, false), measure.Broken, "buffered")
	found(t, judgeDelivery(streamCase, again(), false), measure.Broken, "max-duration")
	found(t, judgeDelivery(streamCase, again(), true), measure.Broken, "max-bytes")
	own := measure.Event{Kind: measure.End, T: back.Released.Add(-time.Second).UnixMicro()}
	found(t, judgeDelivery(streamCase, again(own), true), measure.Broken, "buffered") // the origin ended it
	against, both := streamCase, again(own)
	both.Trial, against.Control = "both", map[string]*Evidence{"both": back} // which looks whole over the direct path
	found(t, judgeDelivery(against, both, true), measure.Broken, "max-bytes")

	poll := streaming("short-poll")
	answer := func(ms int, p played, kind measure.EndKind) played {
		return p.origin(ms-1, measure.Event{Kind: measure.Headers, Sub: ms}).client(ms, measure.Event{Kind: measure.Headers, Status: 200}).client(ms+1, ended(kind))
	}
	cut := answer(200, answer(100, opened().message("a", 10, 101).message("b", 150, -1), measure.EndClean), measure.EndFIN)
	over := measure.Event{Kind: measure.End, EndKind: measure.EndStatus, Note: "terminated"}
	cut = cut.client(3001, over)
	cut.Released = cut.at(3000)
	found(t, judgeDelivery(poll, cut.Evidence, false), measure.Broken, "max-bytes")
	whole := answer(200, answer(100, opened().message("a", 10, 101).message("b", 150, -1), measure.EndClean), measure.EndClean)
	whole = whole.client(3001, over)
	whole.Released = whole.at(3000)
	found(t, judgeDelivery(poll, whole.Evidence, false), measure.Broken, "corrupted")
}

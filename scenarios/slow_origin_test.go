package scenarios

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Late is whose fault it is: the origin's that wrote late, or the path's that
// passed it on late. A poll that nobody sent is nobody's.
func TestWhoIsLate(t *testing.T) {
	wrote := func(p played, sub int, id string, sent, wrote, came int) played {
		p.Sent = append(p.Sent, Sent{ID: id, Due: p.at(sent), Bytes: 50})
		return p.origin(wrote, measure.Event{Kind: measure.Write, ID: id, Sub: sub, Bytes: 100}).client(came, measure.Event{Kind: measure.Received, ID: id})
	}
	stream := func(lateAt, lateOnWay int) *Evidence {
		p := opened()
		for i, id := range []string{"a", "b", "c", "d", "e"} {
			sent := 100 + 270*i
			p = wrote(p, 1, id, sent, sent+lateAt, sent+lateAt+lateOnWay)
		}
		p.Released = p.at(8000)
		return p.client(8001, ended(measure.EndClean)).Evidence
	}
	held := func(asked, wroteAt int) *Evidence {
		p := play().origin(asked, measure.Event{Kind: measure.Headers, Sub: 1}).client(asked, head)
		p = wrote(p, 1, "a", 300, wroteAt, wroteAt+2)
		p.Attached, p.Released = true, p.at(8000)
		return p.client(8001, ended(measure.EndClean)).Evidence
	}
	poll := streaming("long-poll")
	for name, tt := range map[string]struct {
		c     Case
		e     *Evidence
		cause string
	}{
		"the origin":              {streamCase, stream(700, 1), "origin-slow"},
		"the path":                {streamCase, stream(1, 700), "unknown"},
		"both, the path more":     {streamCase, stream(400, 2500), "unknown"},
		"held by the origin":      {poll, held(100, 1000), "origin-slow"},
		"nobody asked before":     {poll, held(990, 1000), "buffered"},
		"asked, and kept waiting": {poll, held(400, 1000), "origin-slow"},
	} {
		t.Run(name, func(t *testing.T) {
			if f := judgeDelivery(tt.c, tt.e, false); f.Cause != tt.cause {
				t.Errorf("%s because %q: %s; want %q", f.Verdict, f.Cause, f.Got, tt.cause)
			}
		})
	}
}

// A request that had to wait is told from one that got lost.
func TestWhoHadNoPlace(t *testing.T) {
	gone := measure.Event{Kind: measure.Failed, Note: "gone"}
	e := newScript("x").client(100, gone)
	e.Attached = false
	if bad, failed := openingFailure(streamCase, e.Evidence); !failed || bad.cause == "thread-starvation" {
		t.Errorf("lost on the way: %q: %s", bad.cause, bad.got)
	}
	e.OriginBusy = true
	if bad, _ := openingFailure(streamCase, e.Evidence); bad.cause != "thread-starvation" {
		t.Errorf("no place at the origin: %q: %s", bad.cause, bad.got)
	}
	gone410 := measure.Event{Kind: measure.Failed, Status: 410, Sub: 1}
	if !tooLate([]measure.Event{accepted1, gone410}) || tooLate([]measure.Event{accepted1, {Kind: measure.Failed, Status: 404, Sub: 1}}) {
		t.Error("who comes when the channel has ended is too late, and nobody else")
	}
	late := newScript("x").origin(6000, accepted1).client(6001, head200).client(6002, helloSeen)
	late.TakenLate = true
	for _, c := range []Case{streamCase, socketCase} {
		if bad, _ := openingFailure(c, late.Evidence); bad.cause != "thread-starvation" {
			t.Errorf("%s, served at last: %q: %s", c.Technique.Name, bad.cause, bad.got)
		}
	}
}

// What the direct path shows of the origin holds for every path, unless that is
// worse for a reason of its own.
func TestAsDirect(t *testing.T) {
	record := func(v measure.Verdict, cause string) measure.CheckRecord {
		return measure.CheckRecord{Verdict: v, Cause: cause}
	}
	slow := record(measure.Degraded, "origin-slow")
	for _, tt := range []struct {
		own, direct measure.CheckRecord
		verdict     measure.Verdict
		cause       string
	}{
		{record(measure.Works, ""), slow, measure.Degraded, "origin-slow"},
		{record(measure.Degraded, "unknown"), slow, measure.Degraded, "origin-slow"},
		{record(measure.Broken, "unknown"), slow, measure.Degraded, "origin-slow"},
		{record(measure.Broken, "buffered"), slow, measure.Broken, "buffered"},
		{record(measure.Untested, ""), slow, measure.Untested, ""},
		{record(measure.Works, ""), record(measure.Broken, "unknown"), measure.Works, ""},
		{record(measure.Works, ""), record(measure.Works, ""), measure.Works, ""},
	} {
		j := judged{CheckRecord: tt.own}
		j.asDirect(tt.direct)
		if j.Verdict != tt.verdict || j.Cause != tt.cause {
			t.Errorf("%s %q beside %s %q: %s %q", tt.own.Verdict, tt.own.Cause, tt.direct.Verdict, tt.direct.Cause, j.Verdict, j.Cause)
		}
	}
}

// slowToAnswer is an origin that answers after a while.
type slowToAnswer struct{ takes atomic.Int64 }

func (a *slowToAnswer) probe(ctx context.Context) error {
	if sleepUntil(ctx, time.Now().Add(time.Duration(a.takes.Load()))) != nil {
		return errors.New("no answer in time")
	}
	return nil
}

func TestOriginIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var origin slowToAnswer
		var w originWatch
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.run(ctx, &origin)
		}()
		start := time.Now()
		since := func() time.Duration { return w.busyDuring(start, time.Now()).Round(time.Second) }
		time.Sleep(10 * time.Second)
		if busy := since(); busy != 0 {
			t.Errorf("busy for %s, and answered at once", busy)
		}
		origin.takes.Store(int64(time.Hour))
		time.Sleep(5 * time.Second)
		if busy := since(); busy < 4*time.Second || busy > 5*time.Second {
			t.Errorf("busy for %s of 5 s in which it does not answer", busy)
		}
		time.Sleep(20 * time.Second)
		if busy := since(); busy < 22*time.Second || busy > 25*time.Second {
			t.Errorf("busy for %s of 25 s", busy)
		}
		if before := w.busyDuring(start, start.Add(9*time.Second)); before != 0 {
			t.Errorf("busy for %s before", before)
		}
		cancel()
		<-done
	})
}

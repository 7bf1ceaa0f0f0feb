package reference

import (
	"testing"
	"time"
)

func TestLifetimeStep(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	for _, tt := range []struct {
		name string
		life Lifetime
		do   func(*Lifetime)
		now  time.Duration
		want Step
	}{
		{"all limits off", Lifetime{}, nil, 1000 * time.Hour, Step{}},
		{"no heartbeat yet", Lifetime{Heartbeat: 25 * time.Second}, nil, 25*time.Second - 1, Step{}},
		{"heartbeat", Lifetime{Heartbeat: 25 * time.Second}, nil, 25 * time.Second, Step{Heartbeat: true}},
		{"a message puts the heartbeat off", Lifetime{Heartbeat: 25 * time.Second}, func(l *Lifetime) { l.Message(at(20*time.Second), 1) }, 44 * time.Second, Step{}},
		{"so does a control message", Lifetime{Heartbeat: 25 * time.Second}, func(l *Lifetime) { l.Wrote(at(20*time.Second), 1) }, 45 * time.Second, Step{Heartbeat: true}},
		{"recycle by time, whatever was written", Lifetime{RecycleAfter: time.Minute, Heartbeat: time.Second}, func(l *Lifetime) { l.Message(at(59*time.Second), 1) }, time.Minute, Step{End: ReasonRecycleTime}},
		{"the prelude does not count", Lifetime{RecycleBytes: 101}, nil, 0, Step{}},
		{"the hello does", Lifetime{RecycleBytes: 100}, nil, 0, Step{End: ReasonRecycleBytes}},
		{"a message crosses", Lifetime{RecycleBytes: 150}, func(l *Lifetime) { l.Message(at(0), 60) }, 0, Step{End: ReasonRecycleBytes}},
		{"a heartbeat crosses", Lifetime{RecycleBytes: 150}, func(l *Lifetime) { l.Wrote(at(0), 50) }, 0, Step{End: ReasonRecycleBytes}},
		{"limit", Lifetime{Limit: 2}, func(l *Lifetime) { l.Message(at(0), 1); l.Message(at(0), 1) }, 0, Step{End: ReasonLimit}},
		{"limit before bytes", Lifetime{Limit: 1, RecycleBytes: 1}, func(l *Lifetime) { l.Message(at(0), 1) }, 0, Step{End: ReasonLimit}},
		{"control messages are not messages", Lifetime{Limit: 1}, func(l *Lifetime) { l.Wrote(at(0), 1) }, 0, Step{}},
		{"early close waits for a message", Lifetime{EarlyClose: true}, nil, time.Hour, Step{}},
		{"early close", Lifetime{EarlyClose: true, CloseAfter: time.Second}, func(l *Lifetime) { l.Message(at(time.Second), 1); l.Message(at(1900*time.Millisecond), 1) }, 2 * time.Second, Step{End: ReasonEarlyClose}},
		{"early close at once", Lifetime{EarlyClose: true}, func(l *Lifetime) { l.Message(at(0), 1) }, 0, Step{End: ReasonEarlyClose}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.life
			l.Open(start, 4096, 100)
			if tt.do != nil {
				tt.do(&l)
			}
			if got := l.Step(at(tt.now)); got != tt.want {
				t.Errorf("Step after %v = %+v, want %+v", tt.now, got, tt.want)
			}
		})
	}
}

// TestLifetimeNext drives the machine by its own clock: asking exactly when it
// says must find something due, and asking a nanosecond earlier nothing.
func TestLifetimeNext(t *testing.T) {
	l := Lifetime{Heartbeat: 7 * time.Second, RecycleAfter: time.Minute, EarlyClose: true, CloseAfter: 5 * time.Second}
	now := time.Unix(100, 0)
	l.Open(now, 0, 10)
	var steps []Step
	for range 20 {
		at, ok := l.Next()
		if !ok || !at.After(now) {
			t.Fatalf("Next = %v, %v at %v", at, ok, now)
		}
		if early := l.Step(at.Add(-1)); early != (Step{}) {
			t.Fatalf("Step just before %v = %+v", at, early)
		}
		now = at
		step := l.Step(now)
		steps = append(steps, step)
		if step.End != "" {
			break
		}
		if !step.Heartbeat {
			t.Fatalf("nothing is due at %v", now)
		}
		l.Wrote(now, 1)
		if len(steps) == 3 {
			l.Message(now, 1)
		}
	}
	want := []Step{{Heartbeat: true}, {Heartbeat: true}, {Heartbeat: true}, {End: ReasonEarlyClose}}
	if len(steps) != len(want) {
		t.Fatalf("steps = %+v, want %+v", steps, want)
	}
	for i := range want {
		if steps[i] != want[i] {
			t.Errorf("step %d = %+v, want %+v", i, steps[i], want[i])
		}
	}
	if _, ok := new(Lifetime).Next(); ok {
		t.Error("a lifetime without limits wants to be asked again")
	}
}

func TestLifetimeLength(t *testing.T) {
	l := Lifetime{Length: 100}
	l.Open(time.Unix(0, 0), 10, 20)
	if !l.Fits(50, 20) || l.Fits(51, 20) {
		t.Error("Fits does not count prelude, hello and end notice")
	}
	l.Message(time.Unix(0, 0), 40)
	if l.Fits(11, 20) || l.Remaining() != 30 {
		t.Errorf("after a message: Fits(11, 20) = %v, Remaining = %d", l.Fits(11, 20), l.Remaining())
	}
	if l.NeverFits(50, 20) || !l.NeverFits(51, 20) {
		t.Error("NeverFits does not look at an empty stream")
	}
	if unlimited := new(Lifetime); !unlimited.Fits(1<<40, 0) || unlimited.NeverFits(1<<40, 0) {
		t.Error("no declared length has no room")
	}
}

package browsers

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestArrivals(t *testing.T) {
	told := func(kind measure.EventKind, id string, t int64) measure.Event {
		return measure.Event{Kind: kind, ID: id, T: t}
	}
	var named arrivals
	for id, at := range map[string]int64{"e-1": 100, "e-2": 200} {
		named.note(came{message: id, at: at})
		named.note(came{at: at - 1}) // pieces of an event stream
	}
	named.held(told(measure.Prelude, "e-0", 50))
	if first, second := named.held(told(measure.Received, "e-1", 130)), named.held(told(measure.Received, "e-2", 190)); first != 30 || second != 1 {
		t.Errorf("held for %d and %d, want 30 and 1, as it cannot be less", first, second)
	}
	if again := named.held(told(measure.Received, "e-2", 300)); again != 0 {
		t.Errorf("what came once was held %d twice", again)
	}

	var pieces arrivals
	for _, at := range []int64{10, 20, 30} { // hello and two messages
		pieces.note(came{at: at})
	}
	pieces.held(told(measure.Prelude, "e-0", 40))
	if held := pieces.held(told(measure.Received, "e-1", 70)); held != 50 {
		t.Errorf("held for %d, want 50", held)
	}
	pieces.held(told(measure.Received, "e-2", 70))
	if held := pieces.held(told(measure.Received, "e-3", 70)); held != 0 {
		t.Errorf("of two messages in a piece the second was held %d", held)
	}
	pieces.note(came{at: 80})
	pieces.note(came{at: 90})
	if held := pieces.held(told(measure.Received, "e-4", 100)); held != 0 {
		t.Errorf("held %d, though pieces are not messages here", held)
	}
}

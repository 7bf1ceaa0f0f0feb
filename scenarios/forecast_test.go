package scenarios

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// recorded is a line of a recorded run: a cell of its matrix, then what the
// forecast was told, each with its time in microseconds.
type recorded struct {
	ID, After, Path, Client string
	Class                   measure.Class
	Trials                  []string
	Rounds                  int
	Slots                   int64
	Place                   int

	At           int64
	Cell, Trial  string
	State        trialState
	Weight, Took int64
	Start, Ended bool
	Again        bool
	Round, Over  bool
}

// replay feeds a recorded run to a forecast and calls look after each event
// that a progress line could follow.
func replay(t *testing.T, file string, look func(f *forecast, now time.Time)) (start, end time.Time) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	f := &forecast{places: map[string]int{}, byID: map[string]*forecastCell{}, costs: map[costKey]*cost{}}
	for lines := bufio.NewScanner(text); lines.Scan(); {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		now := time.UnixMicro(r.At)
		switch {
		case r.ID != "":
			c := &forecastCell{after: f.byID[r.After], path: r.Path, client: r.Client, class: r.Class, trials: r.Trials, rounds: r.Rounds, now: map[string]*forecastTrial{}}
			f.cells, f.byID[r.ID], f.slots = append(f.cells, c), c, r.Slots
			if r.Place > 0 {
				f.places[r.Client] = r.Place
			}
			continue
		case r.Start:
			start = now
			continue
		case r.Ended:
			f.ended(r.Cell, r.Trial, r.Again, time.Duration(r.Took)*time.Microsecond)
		case r.Round:
			f.roundEnded(r.Cell)
		case r.Over:
			f.cellEnded(r.Cell)
			end = now
		default:
			f.trial(r.Cell, r.Trial, r.State, r.Weight, now)
			continue
		}
		look(f, now)
	}
	return start, end
}

// After a quarter of a run, the time left is right to within a fifth, or within
// the three seconds between two progress lines, at nineteen of twenty moments:
// between a trial and what is measured again for it, it jumps. The recordings
// are of runs of the default matrix with Chromium, nginx and haproxy on two
// cores: a usual one, and one while other programs took more than either core
// could give, in which nobody can foresee what will have to be measured again;
// there it is a fifth of the whole.
func TestTimeLeftOfRecordedRuns(t *testing.T) {
	for _, tt := range []struct {
		file    string
		ofWhole bool
	}{{"default.jsonl.gz", false}, {"busy.jsonl.gz", true}} {
		t.Run(tt.file, func(t *testing.T) {
			type guess struct {
				at   time.Time
				left time.Duration
			}
			var guesses []guess
			start, end := replay(t, "testdata/forecast/"+tt.file, func(f *forecast, now time.Time) {
				guesses = append(guesses, guess{now, f.left(now)})
			})
			whole := end.Sub(start)
			if len(guesses) < 400 || whole < 20*time.Second {
				t.Fatalf("the recording has %d events in %s", len(guesses), whole)
			}
			var worst time.Duration
			var wrong []string
			looked := 0
			for _, g := range guesses {
				if g.at.Sub(start) < whole/4 {
					continue
				}
				left := end.Sub(g.at)
				off := (g.left - left).Abs()
				worst = max(worst, off)
				allowed := max(left/5, 3*time.Second)
				if tt.ofWhole {
					allowed = whole / 5
				}
				if looked++; off > allowed {
					wrong = append(wrong, fmt.Sprintf("at %2.0f %%: %.1f s left, forecast %.1f s", 100*g.at.Sub(start).Seconds()/whole.Seconds(), left.Seconds(), g.left.Seconds()))
				}
			}
			t.Logf("at most %.1f s off in a run of %.1f s; %d of %d moments: %s", worst.Seconds(), whole.Seconds(), len(wrong), looked, strings.Join(wrong, "; "))
			if len(wrong)*20 > looked {
				t.Errorf("at %d of %d moments the forecast is too far off", len(wrong), looked)
			}
		})
	}
}

// A run that goes as foreseen ends when foreseen: cells behind their control,
// the slots, a client's places and the repetitions all count.
func TestTimeLeftIsPlayedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		direct := &forecastCell{client: "go", class: measure.ClassStream, trials: []string{"steady"}, rounds: 2, now: map[string]*forecastTrial{}}
		cell := func(client string) *forecastCell {
			return &forecastCell{after: direct, client: client, class: measure.ClassStream, trials: []string{"steady"}, rounds: 2, now: map[string]*forecastTrial{}}
		}
		steady := usualCost("steady")
		for _, tt := range []struct {
			name   string
			slots  int64
			places map[string]int
			cells  []*forecastCell
			want   time.Duration
		}{
			{"a control that is repeated", 8, nil, []*forecastCell{direct}, 2 * steady},
			{"cells wait for its first measurement", 8, nil, []*forecastCell{direct, cell("go"), cell("go")}, 3 * steady},
			{"one slot", 1, nil, []*forecastCell{direct, cell("go"), cell("go")}, 6 * steady},
			{"one place", 8, map[string]int{"chromium": 1}, []*forecastCell{direct, cell("chromium"), cell("chromium")}, 5 * steady},
		} {
			f := &forecast{slots: tt.slots, places: tt.places, cells: tt.cells, costs: map[costKey]*cost{}}
			if got := f.left(time.Now()); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
	})
}

// What was measured counts more than what is usual, the nearest kind most.
func TestCostsAreLearned(t *testing.T) {
	c := &forecastCell{client: "go", path: "a", class: measure.ClassStream, trials: []string{"steady"}, rounds: 3, now: map[string]*forecastTrial{}}
	other := &forecastCell{client: "go", path: "b", class: measure.ClassStream, trials: []string{"steady"}, rounds: 1, now: map[string]*forecastTrial{}}
	f := &forecast{slots: 4, cells: []*forecastCell{c, other}, byID: map[string]*forecastCell{"c": c, "other": other}, costs: map[costKey]*cost{}}
	start := time.UnixMicro(0)
	f.trial("c", "steady", trialRuns, 1, start)
	f.ended("c", "steady", false, 10*time.Second)
	f.roundEnded("c")
	if got := f.full(other, "steady"); got != 10*time.Second {
		t.Errorf("a path that nobody measured: %s, want that of the others", got)
	}
	f.trial("other", "steady", trialRuns, 1, start)
	f.ended("other", "steady", false, 2*time.Second)
	f.roundEnded("other")
	if a, b := f.full(c, "steady"), f.full(other, "steady"); a != 10*time.Second || b != 2*time.Second {
		t.Errorf("%s and %s, want 10 s and 2 s", a, b)
	}
	f.trial("c", "steady", trialRuns, 1, start)
	if got := f.left(start.Add(4 * time.Second)); got != 16*time.Second {
		t.Errorf("6 s of this measurement and 10 s of the next are left, forecast %s", got)
	}
	if got := f.rest(c, "steady", 16*time.Second); got != 2*time.Second {
		t.Errorf("longer than any before: %s more, want an eighth of what it took", got)
	}
}

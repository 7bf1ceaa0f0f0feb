package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestAligned gives arrivals the places of what was sent, by content and order.
func TestAligned(t *testing.T) {
	for _, tt := range []struct{ sent, came, want string }{
		{"a b c", "a b c", "1 2 3"},
		{"a b c", "a c", "1 3"},
		{"a b c", "b c", "2 3"},
		{"a b c", "", ""},
		{"a b c", "a c b", "1 3 2"},
		{"a b c", "a b b c", "1 2 2 3"},
		{"a b c", "a x c", "1 2 3"},
		{"a b c", "a b c x y", "1 2 3 surplus-1 surplus-2"},
		{"", "x", "surplus-1"},
		{"a a a", "a a a", "1 2 3"},
		{"a a a", "a a", "1 2"},
		{"a a a", "a a a a", "1 2 3 1"},
		{"a b a c", "b a c", "2 3 4"},
		{". . x . .", ". x . .", "1 3 4 5"},
	} {
		var sent, client []measure.Event
		for i, sum := range strings.Fields(tt.sent) {
			sent = append(sent, measure.Event{Kind: measure.Write, ID: strconv.Itoa(i + 1), Sum: sum})
		}
		for i, sum := range strings.Fields(tt.came) {
			client = append(client, measure.Event{Kind: measure.Heartbeat}, measure.Event{Kind: measure.Received, ID: strconv.Itoa(i + 1), Sum: sum})
		}
		var got []string
		for _, e := range ofKind(aligned(sent, client), measure.Received) {
			got = append(got, e.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("of %q came %q: %v, want %s", tt.sent, tt.came, got, tt.want)
		}
	}
}

// TestAlignedIsQuick: nothing in common, as after a path that rewrites all.
func TestAlignedIsQuick(t *testing.T) {
	var sent, client []measure.Event
	for i := range 50_000 {
		sent = append(sent, measure.Event{Kind: measure.Write, ID: strconv.Itoa(i + 1), Sum: fmt.Sprint("s", i)})
	}
	for i := range mostHeard {
		client = append(client, measure.Event{Kind: measure.Received, Sum: fmt.Sprint("c", i)})
	}
	if got := aligned(sent, client); got[mostHeard-1].ID != strconv.Itoa(mostHeard) {
		t.Errorf("the last is %q", got[mostHeard-1].ID)
	}
}

// TestByOffset says when the last byte of each piece had come, however it was
// cut on the way.
func TestByOffset(t *testing.T) {
	for _, tt := range []struct {
		sent, came []int
		want       string // id@number of the arrival that completed it
	}{
		{[]int{3, 4}, []int{3, 4}, "1@1 2@2"},
		{[]int{3, 4}, []int{7}, "1@1 2@1"},
		{[]int{3, 4}, []int{1, 1, 1, 1, 1, 1, 1}, "1@3 2@7"},
		{[]int{3, 4}, []int{5, 2}, "1@1 2@2"},
		{[]int{3, 4}, []int{3, 3}, "1@1"},
		{[]int{3, 4}, []int{3, 5}, "1@1 2@2 surplus-1@2"},
		{nil, []int{2}, "surplus-1@1"},
		{[]int{3}, nil, ""},
	} {
		var sent, client []measure.Event
		for i, n := range tt.sent {
			sent = append(sent, measure.Event{Kind: measure.Write, ID: strconv.Itoa(i + 1), Bytes: n})
		}
		for i, n := range tt.came {
			client = append(client, measure.Event{Kind: measure.Received, T: int64(i + 1), Bytes: n, Sum: "x"})
		}
		client = append(client, measure.Event{Kind: measure.End, T: 99})
		var got []string
		out := byOffset(sent, client)
		for _, e := range ofKind(out, measure.Received) {
			got = append(got, fmt.Sprintf("%s@%d", e.ID, e.T))
			if e.Sum != "" {
				t.Error("a piece has the sum of another")
			}
		}
		if strings.Join(got, " ") != tt.want || len(ofKind(out, measure.End)) != 1 {
			t.Errorf("of %v came %v: %v, want %s", tt.sent, tt.came, got, tt.want)
		}
	}
}

// TestHold: the answer that counts, the moment that set messages free, and
// what may still have been under way.
func TestHold(t *testing.T) {
	start := time.Now().Truncate(time.Second)
	at := func(d time.Duration) int64 { return start.Add(d).UnixMicro() }
	write := func(sub int, id string, d time.Duration) measure.Event {
		return measure.Event{Kind: measure.Write, Sub: sub, ID: id, T: at(d), Sum: id}
	}
	got := func(id string) measure.Event { return measure.Event{Kind: measure.Received, Sum: id} }
	head := measure.Event{Kind: measure.Headers, Sub: 1, HTTP: "1.1"}

	t.Run("repeated", func(t *testing.T) {
		e := &Evidence{Started: start, Client: []measure.Event{got("1"), got("2")}}
		e.hold([]measure.Event{head, write(1, "1", 0), {Kind: measure.Headers, Sub: 2}, write(2, "1", 1), write(2, "2", 2), {Kind: measure.End, Sub: 2, T: at(3)}, {Kind: measure.End, Sub: 1, T: at(4)}}, false)
		if len(e.Sent) != 2 || e.Origin[1].ID != "" || !e.Released.Equal(start.Add(3).Truncate(time.Microsecond)) || e.Counts().Lost != 0 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("its own end came before ours", func(t *testing.T) {
		e := &Evidence{Started: start, Released: start.Add(9 * time.Second)}
		e.hold([]measure.Event{head, write(1, "1", 0), {Kind: measure.End, Sub: 1, T: at(2 * time.Second)}}, false)
		if !e.Released.Equal(start.Add(2 * time.Second)) {
			t.Errorf("released at %s", e.Released.Sub(start))
		}
	})
	t.Run("under way when we ended it", func(t *testing.T) {
		record := []measure.Event{head, write(1, "1", 0), write(1, "2", 3*time.Second), write(1, "3", 4500*time.Millisecond), write(1, "4", 4900*time.Millisecond)}
		e := &Evidence{Started: start, Released: start.Add(5 * time.Second), Left: start.Add(8 * time.Second), Client: []measure.Event{got("1")}}
		e.hold(record, false)
		if len(e.Sent) != 2 || e.Counts().Lost != 1 {
			t.Errorf("%d sent, %+v", len(e.Sent), e.Counts())
		}
	})
	t.Run("nothing is under way when it ended itself", func(t *testing.T) {
		e := &Evidence{Started: start, Left: start.Add(5 * time.Second), Client: []measure.Event{got("1")}}
		e.hold([]measure.Event{head, write(1, "1", 0), write(1, "2", 4900*time.Millisecond), {Kind: measure.End, Sub: 1, T: at(4901 * time.Millisecond)}}, false)
		if e.Counts().Lost != 1 {
			t.Errorf("%+v", e.Counts())
		}
	})
	t.Run("more than anybody listens to", func(t *testing.T) {
		record := []measure.Event{head}
		e := &Evidence{Started: start}
		for i := range mostHeard + 5000 {
			id := strconv.Itoa(i + 1)
			record = append(record, write(1, id, time.Duration(i)*time.Millisecond))
			if i < mostHeard {
				e.Client = append(e.Client, got(id))
			}
		}
		e.Left = start.Add(40 * time.Second)
		e.hold(record, false)
		if n := e.Counts(); n.Lost != 0 || n.Sent != mostHeard {
			t.Errorf("%+v", n)
		}
	})
}

func TestCountUp(t *testing.T) {
	const most, least = int64(1<<63 - 1), int64(-1 << 63)
	for _, tt := range []struct {
		came                       []int64
		missing, doubled, disorder int
	}{
		{[]int64{1, 2, 3}, 0, 0, 0},
		{[]int64{7}, 0, 0, 0},
		{[]int64{-1, 0, 1}, 0, 0, 0},
		{[]int64{1, 2, 4, 3, 5, 5, 6, 8, 9, 10}, 1, 1, 1},
		{[]int64{3, 2, 1}, 0, 0, 2},
		{[]int64{1, 1, 1}, 0, 2, 0},
		{[]int64{1, 11}, 9, 0, 0},
		{[]int64{least, most}, mostMissing, 0, 0},
		{[]int64{most, least, most}, mostMissing, 1, 1},
		{[]int64{-1, most}, mostMissing, 0, 0},
	} {
		if m, d, o := countUp(tt.came); m != tt.missing || d != tt.doubled || o != tt.disorder {
			t.Errorf("%v: %d missing, %d doubled, %d out of order", tt.came, m, d, o)
		}
	}
}

func TestCoarse(t *testing.T) {
	const s = int64(1_700_000_000_000_000)
	for _, tt := range []struct {
		stamps []int64
		fine   bool
	}{
		{[]int64{s + 1000, s + 2000}, true},
		{[]int64{s + 123_000}, true},
		{[]int64{s, s + 200_000, s + 401_000}, true},
		{[]int64{s, s + 10_000, s + 20_000}, true},
		{[]int64{s, s + 1_000_000, s + 2_000_000}, false},
		{[]int64{s}, false},
		{[]int64{s + 100_000, s + 200_000}, false},
		{[]int64{s + 123, s + 123, s + 123}, false},
	} {
		if got := coarse(tt.stamps); (got == "") != tt.fine {
			t.Errorf("%v: %q", tt.stamps, got)
		}
	}
}

// TestHops follows trouble along paths, from the application outward.
func TestHops(t *testing.T) {
	const w, d, b, u = measure.Works, measure.Degraded, measure.Broken, measure.Untested
	for _, tt := range []struct {
		name     string
		verdicts []measure.Verdict
		causes   string
		want     string // first_at of each path, - for none
	}{
		{"all well", []measure.Verdict{w, w, w}, "- - -", "- - -"},
		{"the second", []measure.Verdict{w, b, b}, "- buffered buffered", "- b b"},
		{"the last", []measure.Verdict{w, w, b}, "- - buffered", "- - c"},
		{"another on top", []measure.Verdict{w, d, b}, "- hold-timer truncated", "- b c"},
		{"the same, and worse", []measure.Verdict{w, d, b}, "- buffered buffered", "- b c"},
		{"the first itself", []measure.Verdict{b, b, b}, "buffered buffered buffered", "- a a"},
		{"one that is beside the others", []measure.Verdict{w, b, w, b}, "- buffered - buffered", "- b - d"},
		{"one that cannot be told", []measure.Verdict{w, u, b}, "- - buffered", "- - c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h hops
			var got []string
			for i, cause := range strings.Fields(tt.causes) {
				rec := measure.CellRecord{Labels: measure.Labels{Proxy: string(rune('a' + i))}, Verdict: tt.verdicts[i], Cause: strings.Trim(cause, "-")}
				if cause != "-" {
					rec.Cause = cause
				}
				if h.trace(&rec); rec.Hop != i+1 {
					t.Errorf("path %d is number %d", i+1, rec.Hop)
				}
				if rec.FirstAt == "" {
					rec.FirstAt = "-"
				} else if rec.Reason == "" {
					t.Error("named, and not said why")
				}
				got = append(got, rec.FirstAt)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}

package clients

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What becomes visible with each read, and with the end.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  visibility
		reads string // separated by spaces
		want  string // shown by each read, then by the end
	}{
		{"no rule", visibility{}, "a bc d", "a|bc|d|"},
		{"at the end", visibility{atEnd: true}, "a bc d", "|||abcd"},
		{"from four", visibility{from: 4}, "a bc d ef g", "||abcd|ef|g|"},
		{"from four, in one", visibility{from: 4}, "abcdefg h", "abcdefg|h|"},
		{"from four, never reached", visibility{from: 4}, "a bc", "||abc"},
		{"each four", visibility{step: 4}, "a bc d ef ghijkl m", "||abcd||efghijkl||m"},
		{"each four, exactly", visibility{step: 4}, "abcd efghijkl", "abcd|efghijkl|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gate{visibility: c.rule}
			var got []string
			for _, read := range append(strings.Split(c.reads, " "), "") {
				shown := ""
				show := func(p []byte) error { shown += string(p); return nil }
				err := g.end
				if read != "" {
					err = func(show func([]byte) error) error {
						b := []byte(read)
						defer clear(b) // a gate that keeps what it was handed is found out
						return g.pass(b, show)
					}
				}
				if err := err(show); err != nil {
					t.Fatal(err)
				}
				got = append(got, shown)
			}
			if got := strings.Join(got, "|"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The bytes shown never depend on how they were cut, only their times do.
func FuzzGate(f *testing.F) {
	f.Add(uint8(0), uint16(256), uint64(3), "some bytes of an answer")
	f.Add(uint8(1), uint16(4), uint64(77), strings.Repeat("x", 100))
	f.Fuzz(func(t *testing.T, kind uint8, n uint16, how uint64, wire string) {
		rule := []visibility{{}, {atEnd: true}, {from: int(n)}, {step: int(n)}}[kind%4]
		g := gate{visibility: rule}
		var got strings.Builder
		came := 0
		show := func(p []byte) error { got.Write(p); return nil }
		for _, piece := range cutUp(wire, how) {
			if err := g.pass([]byte(piece), show); err != nil {
				t.Fatal(err)
			}
			came += len(piece)
			want := came
			switch {
			case rule.atEnd, came < rule.from:
				want = 0
			case rule.step > 0:
				want = came - came%rule.step
			}
			if got.Len() != want {
				t.Fatalf("%+v shows %d of %d bytes, want %d", rule, got.Len(), came, want)
			}
		}
		if err := g.end(show); err != nil || got.String() != wire {
			t.Fatalf("%+v shows %q of %q, %v", rule, got.String(), wire, err)
		}
	})
}

func TestGateIsBounded(t *testing.T) {
	g := gate{visibility: visibility{atEnd: true}}
	piece := make([]byte, 8<<20)
	var err error
	for i := 0; i <= MaxAnswer/len(piece) && err == nil; i++ {
		err = g.pass(piece, func([]byte) error { return errors.New("shown") })
	}
	if !errors.Is(err, ErrTooLong) || g.held != nil {
		t.Error(fmt.Errorf("got %w with %d bytes held", err, len(g.held)))
	}
}

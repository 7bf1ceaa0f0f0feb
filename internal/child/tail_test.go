package child_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/internal/child"
)

func TestTailKeepsTheEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{1, 7, 100} {
		tail := child.Tail{Limit: limit}
		var all strings.Builder
		for range 500 {
			part := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(3*limit))
			n, err := tail.Write([]byte(part))
			if n != len(part) || err != nil {
				t.Fatalf("Write = %d, %v; want %d", n, err, len(part))
			}
			all.WriteString(part)
			whole := all.String()
			if got, want := tail.String(), whole[max(0, len(whole)-limit):]; got != want {
				t.Fatalf("limit %d: kept %q, want %q", limit, got, want)
			}
		}
		if tail.Total() != int64(all.Len()) {
			t.Errorf("Total = %d, want %d", tail.Total(), all.Len())
		}
	}
}

func TestTailLastLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"\n\n":                    "",
		"one":                     "one",
		"one\ntwo\n":              "two",
		"one\r\n two \r\n\n":      "two",
		"bad \xff utf-8\n":        "bad ? utf-8",
		"no end\nhalf a line: no": "half a line: no",
	} {
		var tail child.Tail
		tail.Write([]byte(in))
		if got := tail.LastLine(); got != want {
			t.Errorf("LastLine of %q = %q, want %q", in, got, want)
		}
	}
}

package scenarios

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// What the trial takes as a message's sum is what a client makes of the value
// that the origin sends for it.
func TestPayloadsSumAsTheyArrive(t *testing.T) {
	all, err := payloads()
	if err != nil {
		t.Fatal(err)
	}
	var binary, text [256]bool
	seen := map[string]bool{}
	for _, p := range all {
		seen[p.kind] = true
		data, isBinary, err := reference.EncodeBody(p.contentType, p.body)
		if err != nil {
			t.Errorf("%s %.40q: %v", p.kind, p.body, err)
			continue
		}
		mark := &text
		if isBinary {
			mark = &binary
			if got := measure.SumBytes(p.body); got != p.sum {
				t.Errorf("%s %.40q: sum %s, want %s", p.kind, p.body, got, p.sum)
			}
		} else if got, err := measure.SumJSON(data); err != nil || got != p.sum {
			t.Errorf("%s %.40q: sum %s (%v), want %s", p.kind, p.body, got, err, p.sum)
		}
		for _, b := range p.body {
			mark[b] = true
		}
		if len(p.body) > 48<<10 {
			t.Errorf("%s: %d bytes are more than the least limits in use let through", p.kind, len(p.body))
		}
	}
	for b := range 256 {
		if !binary[b] {
			t.Errorf("no binary message has byte %#x", b)
		}
		possible := b < 0xc0 || b >= 0xc2 && b <= 0xf4 // RFC 3629: C0, C1 and F5 on never stand in UTF-8
		if possible && !text[b] {
			t.Errorf("no text has byte %#x", b)
		}
	}
	for _, kind := range append([]string{"bytes"}, breakerKinds...) {
		if !seen[kind] {
			t.Errorf("no message of kind %q", kind)
		}
	}
	if len(breakers()) != len(breakerKinds) {
		t.Error("a kind of texts is left out")
	}
	if !utf8.Valid(everyCharacter()) || bytes.Count(everyByte(), []byte{0x41}) != 2 {
		t.Error("the texts are not what they say")
	}
}

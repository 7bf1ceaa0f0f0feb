package clients

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// sized is a message of framing=binary.
func sized(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

var binaryFraming = Params{Framing: "binary"}

func TestLengthPrefixed(t *testing.T) {
	runDecoder(t, "fetch-streaming", binaryFraming, []decoderCase{
		{name: "all kinds", wire: sized(hello) + sized(msg1) + sized(beat) + sized(gap) + sized(msg2) + sized(done),
			want: []string{helloItem, msg1Item, beatItem, gapItem, msg2Item, endItem}},
		{name: "padding is part of the length", wire: sized(msg1+"    ") + sized(msg2), want: []string{msg1Item, msg2Item}},
		{name: "line ends mean nothing", wire: sized(msg1 + "\n"), want: []string{msg1Item}},
		{name: "nothing", wire: ""},
		{name: "one malformed", wire: sized("oops") + sized(msg2), want: []string{"error message is not a JSON object: oops", msg2Item}},
		{name: "empty", wire: sized("") + sized(msg2), want: []string{"error message is empty", msg2Item}},
		{name: "cut", wire: sized(msg1)[:30], err: ErrUnfinished, errText: "after 26 bytes of 69"},
		{name: "cut in a length", wire: sized(msg1) + "\x00\x00", want: []string{msg1Item}, err: ErrUnfinished, errText: "after 2 bytes of its length"},
		{name: "lines instead", wire: msg1 + "\n", err: ErrTooLong, errText: "length 7b 22 63 68"},
	})
	if _, err := decode(t, "fetch-streaming", binaryFraming, "\x01\x00\x00\x01"); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	for technique, framing := range map[string]string{"xhr-streaming": "binary", "fetch-streaming": "morse"} {
		if _, err := NewDecoder(technique, Params{Framing: framing}); err == nil || !strings.Contains(err.Error(), framing) {
			t.Errorf("%s with framing %s: %v", technique, framing, err)
		}
	}
}

func FuzzLengths(f *testing.F) {
	fuzzDecoderWith(f, "fetch-streaming", binaryFraming, sized(hello)+sized(msg1), sized(""), "\xff\xff\xff\xff", sized(msg1)[:9])
}

package clients

import (
	"errors"
	"strings"
	"testing"
)

func TestArrayAnswers(t *testing.T) {
	cases := []decoderCase{
		{name: "nothing", wire: "[]"},
		{name: "one", wire: "[" + msg1 + "]\n", want: []string{msg1Item}},
		{name: "gap first", wire: "[" + gap + "," + msg1 + " , " + msg2 + "]", want: []string{gapItem, msg1Item, msg2Item}},
		{name: "one malformed among others", wire: "[" + msg1 + `,{"id":"x"},` + msg2 + "]",
			want: []string{msg1Item, `error channel is not a string: {"id":"x"}`, msg2Item}},
		{name: "cut", wire: "[" + msg1 + ",", errText: "not a JSON array"},
		{name: "empty", wire: "", errText: "empty"},
		{name: "an error page", wire: "<html>502</html>", errText: "not a JSON array: <html>502</html>"},
		{name: "an object", wire: msg1, errText: "not a JSON array"},
	}
	runDecoder(t, "short-poll", Params{}, cases)
	runDecoder(t, "long-poll", Params{}, cases)
}

func TestPiggybackAnswers(t *testing.T) {
	runDecoder(t, "piggyback", Params{RequestBytes: 5}, []decoderCase{
		{name: "nothing", wire: `{"reply":5,"messages":[]}`},
		{name: "two", wire: `{"reply":5,"messages":[` + msg1 + "," + msg2 + `]}`, want: []string{msg1Item, msg2Item}},
		{name: "request altered", wire: `{"reply":4,"messages":[` + msg1 + `]}`, errText: `reply is "4", want 5`},
		{name: "no reply", wire: `{"messages":[]}`, errText: `reply is ""`},
		{name: "no messages", wire: `{"reply":5}`, errText: "messages is not an array"},
		{name: "an array", wire: `[]`, errText: "not a JSON object"},
	})
}

func TestCallbackAnswers(t *testing.T) {
	runDecoder(t, "callback-poll", Params{Callback: "app.cb"}, []decoderCase{
		{name: "nothing", wire: "/**/app.cb([]);"},
		{name: "one", wire: "/**/app.cb([" + msg1 + "]);\n", want: []string{msg1Item}},
		{name: "another function", wire: "/**/appXcb([]);", errText: "does not call app.cb"},
		{name: "no comment", wire: "app.cb([]);", errText: "does not start with /**/"},
		{name: "not closed", wire: "/**/app.cb([" + msg1 + "])", errText: "does not end with );"},
		{name: "cut", wire: "/**/app.cb([" + msg1 + ");", errText: "not a JSON array"},
		{name: "tag not escaped", wire: `/**/app.cb(["</script>"]);`, errText: `contains "<" unescaped`},
		{name: "line separator not escaped", wire: "/**/app.cb([\"\u2028\"]);", errText: `contains "\u2028" unescaped`},
	})
}

func TestAnswerIsBounded(t *testing.T) {
	dec, _ := NewDecoder("long-poll", Params{})
	piece := []byte(strings.Repeat(" ", 8<<20))
	var err error
	for i := 0; i <= MaxAnswer/len(piece) && err == nil; i++ {
		err = dec.Feed(piece, func(Item) {})
	}
	if !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
	if again := dec.Feed([]byte("[]"), nil); again != err {
		t.Fatalf("the error did not stay: %v", again)
	}
	if again := dec.End(nil); again != err {
		t.Fatalf("the error did not stay: %v", again)
	}
}

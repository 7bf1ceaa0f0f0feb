package clients

import (
	"fmt"
	"slices"
	"testing"
)

var mixed = Params{ContentType: `multipart/x-mixed-replace; boundary="b=1"`}

// part is one as the wire has it: its own type and length, the next boundary
// at once.
func part(body string) string {
	return fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n--b=1\r\n", len(body), body)
}

// unsized is a part without a length.
func unsized(body string) string {
	return "Content-Type: application/json\r\n\r\n" + body + "\r\n--b=1\r\n"
}

func TestMultipart(t *testing.T) {
	const start = "--b=1\r\n"
	runDecoder(t, "multipart", mixed, []decoderCase{
		{name: "all kinds", wire: start + part(hello) + part(msg1) + part(beat) + part(gap) + part(msg2) + part(done),
			want: []string{helloItem, msg1Item, beatItem, gapItem, msg2Item, endItem}},
		{name: "closed", wire: start + part(msg1)[:len(part(msg1))-2] + "--\r\nepilogue", want: []string{msg1Item}},
		{name: "preamble", wire: "     \r\n" + start + part(msg1), want: []string{msg1Item}},
		{name: "preamble that looks like a boundary", wire: "--b= --b=1\r\n" + start + part(msg1), want: []string{msg1Item}},
		{name: "first boundary on a second line", wire: "\r\n" + start + part(msg1), want: []string{msg1Item}},
		{name: "padding", wire: start + part(msg1+"    ") + part(msg2), want: []string{msg1Item, msg2Item}},
		{name: "without lengths", wire: start + unsized(msg1) + unsized(msg2), want: []string{msg1Item, msg2Item}},
		{name: "without headers", wire: start + "\r\n" + msg1 + "\r\n" + start, want: []string{msg1Item}},
		{name: "line feeds alone", wire: "--b=1\nContent-Length: 33\n\n" + beat + "\n--b=1\nX: y\n\n" + msg2 + "\n--b=1--",
			want: []string{beatItem, msg2Item}},
		{name: "a boundary within a sized part", wire: start + part("{\"a\":\r\n--b=1\r\n}") + part(msg1),
			want: []string{`error message is not a JSON object: {"a": --b=1 }`, msg1Item}},
		{name: "space behind a boundary", wire: "--b=1 \t\r\n" + part(msg1), want: []string{msg1Item}},
		{name: "one malformed", wire: start + part("oops") + part(msg1), want: []string{"error message is not a JSON object: oops", msg1Item}},
		{name: "cut in a sized part", wire: start + part(msg1)[:60], err: ErrUnfinished},
		{name: "cut in an unsized part", wire: start + unsized(msg1)[:60], err: ErrUnfinished},
		{name: "cut in a part's header", wire: start + "Content-", err: ErrUnfinished, errText: "part's header"},
		{name: "cut behind a part", wire: start + part(msg1)[:len(part(msg1))-4], want: []string{msg1Item}},
		{name: "length too small", wire: start + "Content-Length: 4\r\n\r\n" + msg1, want: []string{"error message is not a JSON object: " + msg1[:4]},
			err: ErrNotFraming, errText: "not followed by the boundary"},
		{name: "length not a number", wire: start + "content-length: many\r\n\r\n", err: ErrNotFraming, errText: `Content-Length "many"`},
		{name: "header without colon", wire: start + msg1[:9] + "\r\n\r\n", err: ErrNotFraming, errText: "no colon"},
		{name: "longer boundary", wire: "--b=12\r\n", err: ErrNotFraming, errText: `boundary followed by "2"`},
		{name: "no boundary at all", wire: "<html>an error page</html>", err: ErrNotFraming, errText: "no boundary"},
		{name: "nothing", wire: ""},
	})
}

// A message must not wait for anything that the next one brings.
func TestMultipartIsPrompt(t *testing.T) {
	const start = "--b=1\r\n"
	sized := part(msg1)
	got := promptly(t, "multipart", mixed, start+sized)
	if want := []string{fmt.Sprintf("message at %d", len(start+sized)-len("\r\n--b=1\r\n"))}; !slices.Equal(got, want) {
		t.Errorf("with a length: got %q, want %q", got, want)
	}
	// Some servers send a boundary's line end only with the next part.
	open := unsized(msg1)
	got = promptly(t, "multipart", mixed, start+open)
	if want := []string{fmt.Sprintf("message at %d", len(start+open)-len("\r\n"))}; !slices.Equal(got, want) {
		t.Errorf("without: got %q, want %q", got, want)
	}
}

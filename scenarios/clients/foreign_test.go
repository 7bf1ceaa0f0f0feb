package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// showForeign writes an item in one line.
func showForeign(it Item) string {
	text := string(it.Kind)
	switch it.Kind {
	case measure.Received:
		text += fmt.Sprintf(" %s %d %q", it.ID, it.Bytes, it.Data)
		if it.Seq != nil {
			text += fmt.Sprintf(" seq=%d", *it.Seq)
		}
		if it.SentUS != 0 {
			text += fmt.Sprintf(" sent=%d", it.SentUS)
		}
	case measure.End:
		text += " " + it.Reason
	case measure.Failed:
		text += " " + it.Note
	}
	return text
}

// decodeForeign feeds pieces to a new decoder and ends it. What a Feed was
// given is destroyed behind it.
func decodeForeign(t testing.TB, s measure.Stream, contentType string, pieces ...string) (got []string, err error) {
	t.Helper()
	dec, err := NewForeignDecoder(s, contentType)
	if err != nil {
		t.Fatal(err)
	}
	emit := func(it Item) { got = append(got, showForeign(it)) }
	for _, piece := range pieces {
		b := []byte(piece)
		if err := dec.Feed(b, emit); err != nil {
			if again := dec.Feed([]byte("data: x\n\n"), emit); again == nil {
				t.Error("a decoder that failed goes on")
			}
			return got, err
		}
		clear(b)
	}
	return got, dec.End(emit)
}

// splits are s whole, in two at each place, and byte by byte.
func splits(s string) [][]string {
	out := [][]string{{s}, bytesOf(s)}
	for i := 1; i < len(s); i++ {
		out = append(out, []string{s[:i], s[i:]})
	}
	return out
}

func TestForeignFramings(t *testing.T) {
	sse := measure.Stream{Framing: measure.FramingSSE}
	done := measure.Stream{Framing: measure.FramingSSE, End: "[DONE]"}
	numbered := measure.Stream{Framing: measure.FramingSSE, Sequence: "/meta/n", Sent: "/t"}
	ndjson := measure.Stream{Framing: measure.FramingNDJSON, Sequence: "/n", End: `{"done":true}`}
	lines := measure.Stream{Framing: measure.FramingLines}
	for _, tt := range []struct {
		name   string
		stream measure.Stream
		wire   string
		want   []string
		err    error
	}{
		{"an event", sse, "data: a\n\n", []string{`message 1 1 "a"`}, nil},
		{"all three line ends", sse, "data: a\r\n\r\ndata: b\r\rdata: c\n\n", []string{`message 1 1 "a"`, `message 2 1 "b"`, `message 3 1 "c"`}, nil},
		{"several data lines, no space, other fields", sse, "id: 7\nevent: x\nretry: 1\nnonsense\ndata:a\ndata:  b\n\n", []string{`message 1 4 "a\n b"`}, nil},
		{"an event without data is none", sse, "event: ping\n\nid: 3\n\ndata\n\n", []string{`message 1 0 ""`}, nil},
		{"comments are heartbeats", sse, ": hello\n\n:\ndata: a\n\n", []string{"heartbeat", "heartbeat", `message 1 1 "a"`}, nil},
		{"a byte order mark", sse, "\xEF\xBB\xBFdata: a\n\n", []string{`message 1 1 "a"`}, nil},
		{"not UTF-8", sse, "data: \xff\xfe\n\n", []string{"message 1 6 \"\ufffd\ufffd\""}, nil},
		{"the end mark, and what follows it", done, "data: a\n\ndata: [DONE]\n\ndata: b\n\n", []string{`message 1 1 "a"`, "end [DONE]"}, nil},
		{"the end mark as a type", measure.Stream{Framing: measure.FramingSSE, End: "bye"}, "data: a\n\nevent: bye\ndata: x\n\n", []string{`message 1 1 "a"`, "end bye"}, nil},
		{"an end mark in a message is none", done, "data: say [DONE]\n\n", []string{`message 1 10 "say [DONE]"`}, nil},
		{"unfinished", sse, "data: a\n\ndata: b\n", []string{`message 1 1 "a"`}, ErrUnfinished},
		{"unfinished in a field's name", sse, "data: a\n\nda", []string{`message 1 1 "a"`}, ErrUnfinished},
		{"nothing behind the end mark is missed", done, "data: [DONE]\n\ndata: b\n", []string{"end [DONE]"}, nil},
		{"a page", sse, "\n  <!doctype html><title>Sign in</title>", nil, ErrNotFraming},
		{"a page behind a byte order mark", sse, "\xEF\xBB\xBF<html>", nil, ErrNotFraming},
		{"JSON", sse, `{"data":"x"}`, nil, ErrNotFraming},
		{"numbers and times", numbered, "data: {\"meta\":{\"n\":1},\"t\":1700000000123}\n\ndata: {\"meta\":{\"n\":\"2\"},\"t\":\"2023-11-14T22:13:20Z\"}\n\ndata: {\"meta\":3}\n\ndata: none\n\n", []string{
			`message 1 34 "{\"meta\":{\"n\":1},\"t\":1700000000123}" seq=1 sent=1700000000123000`,
			`message 2 45 "{\"meta\":{\"n\":\"2\"},\"t\":\"2023-11-14T22:13:20Z\"}" seq=2 sent=1700000000000000`,
			`message 3 10 "{\"meta\":3}"`, `message 4 4 "none"`}, nil},

		{"lines of JSON", ndjson, "{\"n\":1}\n\r\n {\"n\":2} \r\n", []string{`message 1 7 "{\"n\":1}" seq=1`, `message 2 7 "{\"n\":2}" seq=2`}, nil},
		{"the last line without its end", ndjson, "{\"n\":1}\n{\"n\":2}", []string{`message 1 7 "{\"n\":1}" seq=1`, `message 2 7 "{\"n\":2}" seq=2`}, nil},
		{"the last line cut", ndjson, "{\"n\":1}\n{\"n\":", []string{`message 1 7 "{\"n\":1}" seq=1`}, ErrUnfinished},
		{"an end mark that is JSON", ndjson, "{\"n\":1}\n{\"done\":true}\n{\"n\":2}\n{", []string{`message 1 7 "{\"n\":1}" seq=1`, `end {"done":true}`}, nil},
		{"one bad line", ndjson, "{\"n\":1}\noops\n{\"n\":2}\n", []string{`message 1 7 "{\"n\":1}" seq=1`, "error not JSON: oops", `message 2 7 "{\"n\":2}" seq=2`}, nil},
		{"bad lines only", ndjson, strings.Repeat("x\n", maxStrikes+1), slicesOf("error not JSON: x", maxStrikes), ErrNotFraming},
		{"an RFC 7464 sequence", ndjson, "\x1e{\"n\":1}\n\x1e{\"n\":2}\n", []string{`message 1 7 "{\"n\":1}" seq=1`, `message 2 7 "{\"n\":2}" seq=2`}, nil},

		{"lines", lines, "one\n\n \ntwo words\r\nthree", []string{`message 1 3 "one"`, `message 2 9 "two words"`, `message 3 5 "three"`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pieces := range splits(tt.wire) {
				got, err := decodeForeign(t, tt.stream, "", pieces...)
				if strings.Join(got, "\n") != strings.Join(tt.want, "\n") || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
					t.Fatalf("in %d pieces, the first %q:\n%s\n%v\nwant:\n%s\n%v", len(pieces), pieces[0], strings.Join(got, "\n"), err, strings.Join(tt.want, "\n"), tt.err)
				}
			}
		})
	}
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// TestForeignPieces: where nothing delimits, a message is what comes at once.
func TestForeignPieces(t *testing.T) {
	for _, framing := range []string{measure.FramingRaw, measure.FramingWebSocket} {
		got, err := decodeForeign(t, measure.Stream{Framing: framing, Sequence: "/n", End: "bye"}, "", `{"n":4}`, "", "x\ny", "bye", "z")
		want := []string{`message 1 7 "{\"n\":4}" seq=4`, `message 2 0 ""`, `message 3 3 "x\ny"`, "end bye"}
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, %v", framing, got, err)
		}
	}
}

// TestForeignBounds: what has no delimiter is refused, however it is cut.
func TestForeignBounds(t *testing.T) {
	endless := strings.Repeat("x", 1<<16)
	for framing, start := range map[string]string{
		measure.FramingSSE: "data: ", measure.FramingNDJSON: `"`, measure.FramingLines: "",
	} {
		dec, err := NewForeignDecoder(measure.Stream{Framing: framing}, "")
		if err != nil {
			t.Fatal(err)
		}
		fed := len(start)
		err = dec.Feed([]byte(start), func(Item) {})
		for err == nil && fed <= 2*MaxForeign {
			err = dec.Feed([]byte(endless), func(Item) { t.Errorf("%s: a message of so much", framing) })
			fed += len(endless)
		}
		if !errors.Is(err, ErrTooLong) || fed > MaxForeign+len(endless)+len(start) {
			t.Errorf("%s: %v after %d bytes", framing, err, fed)
		}
	}
	// Many lines of one event count together.
	dec, _ := NewForeignDecoder(measure.Stream{Framing: measure.FramingSSE}, "")
	line := []byte("data: " + strings.Repeat("x", 1000) + "\n")
	var err error
	for n := 0; err == nil && n < 2*MaxForeign; n += len(line) {
		err = dec.Feed(line, func(Item) {})
	}
	if !errors.Is(err, ErrTooLong) {
		t.Errorf("an event of many lines: %v", err)
	}
}

func TestForeignFramingByType(t *testing.T) {
	for contentType, want := range map[string]string{
		"text/event-stream": measure.FramingSSE, "Text/Event-Stream; charset=utf-8": measure.FramingSSE, "text/event-stream; ;": measure.FramingSSE,
		"application/x-ndjson": measure.FramingNDJSON, "application/json-seq": measure.FramingNDJSON, "text/plain;charset=utf-8": measure.FramingLines,
		"text/html": "", "application/json": "", "": "",
	} {
		if got := FramingOf(contentType); got != want {
			t.Errorf("%q is %q, want %q", contentType, got, want)
		}
		_, err := NewForeignDecoder(measure.Stream{}, contentType)
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", contentType, err)
		}
	}
	if _, err := NewForeignDecoder(measure.Stream{Framing: "morse"}, ""); err == nil || !strings.Contains(err.Error(), "ndjson") {
		t.Errorf("an unknown framing: %v", err)
	}
}

func TestPointer(t *testing.T) {
	doc, err := parseAny([]byte(`{"a":{"b":[10,{"c":"x"}],"":1},"m~n":2,"o/p":3,"null":null}`))
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]any{ // RFC 6901, section 5
		"/a/b/0": json.Number("10"), "/a/b/1/c": "x", "/a/": json.Number("1"), "/m~0n": json.Number("2"), "/o~1p": json.Number("3"),
		"/a/b/2": nil, "/a/b/-": nil, "/a/b/01": nil, "/a/b/+1": nil, "/a/b/-1": nil, "/a/b/": nil, "/a/b/99999999999999999999": nil, "/z": nil, "/null": nil, "/null/x": nil, "/a/b/0/c": nil,
	} {
		if got := pointed(doc, pointer); got != want {
			t.Errorf("%s leads to %v, want %v", pointer, got, want)
		}
	}
	if pointed(doc, "") == nil {
		t.Error("the empty pointer is the document")
	}
}

func TestWholeNumber(t *testing.T) {
	for text, want := range map[string]string{
		"7": "7", "-3": "-3", `"41"`: "41", "7.0": "7", "1e3": "1000", "9223372036854775807": "9223372036854775807",
		"7.5": "", "1e300": "", "9223372036854775808": "", `""`: "", `"x"`: "", `"NaN"`: "", `"Inf"`: "", "true": "", "null": "", "[1]": "", "{}": "",
	} {
		v, err := parseAny([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if n, ok := wholeNumber(v); ok {
			got = fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestUnixMicros(t *testing.T) {
	const at = 1_700_000_000_123_456
	for text, want := range map[string]int64{
		"1700000000":                            1_700_000_000_000_000,
		"1700000000.5":                          1_700_000_000_500_000,
		"1700000000123":                         1_700_000_000_123_000,
		"1700000000123456":                      at,
		`"1700000000123456"`:                    at,
		`"2023-11-14T22:13:20.123456Z"`:         at,
		`"2023-11-14T23:13:20.123456789+01:00"`: at,
		"0":                                     0, "-1": 0, `"soon"`: 0, `"NaN"`: 0, `"Inf"`: 0, `"1e400"`: 0, "1e18000": 0, `"0001-01-01T00:00:00Z"`: 0, "true": 0, "null": 0,
	} {
		v, err := parseAny([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := unixMicros(v); got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
	// As nanoseconds a float64 has steps of 256.
	if got := unixMicros(json.Number("1700000000123456789")); got < at-1 || got > at+1 {
		t.Errorf("nanoseconds are %d", got)
	}
}

// FuzzForeign holds that nothing panics, and that items do not depend on how
// the bytes are split.
func FuzzForeign(f *testing.F) {
	framings := []measure.Stream{
		{Framing: measure.FramingSSE, End: "[DONE]", Sequence: "/n", Sent: "/t"},
		{Framing: measure.FramingNDJSON, Sequence: "/a/0", Sent: "/t", End: "0"},
		{Framing: measure.FramingLines, End: "bye"},
	}
	for i, wire := range []string{"data: {\"n\":1,\"t\":1700000000}\n\n: x\r\rdata: [DONE]\n\n", "{\"a\":[1]}\n\x1e2\nx\n0\n", "a\nbye\nb", "\xEF\xBB\xBF <", strings.Repeat("x\n", 9)} {
		for k := range framings {
			f.Add([]byte(wire), uint64(i)*0x9E3779B97F4A7C15, uint8(k))
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte, how uint64, framing uint8) {
		s := framings[int(framing)%len(framings)]
		want, wantErr := decodeForeign(t, s, "", string(wire))
		for _, pieces := range [][]string{cutUp(string(wire), how), bytesOf(string(wire))} {
			got, err := decodeForeign(t, s, "", pieces...)
			if strings.Join(got, "\n") != strings.Join(want, "\n") || (err == nil) != (wantErr == nil) {
				t.Fatalf("whole:\n%s\n%v\nin %d pieces:\n%s\n%v", strings.Join(want, "\n"), wantErr, len(pieces), strings.Join(got, "\n"), err)
			}
		}
		if wantErr == nil && bytes.Count([]byte(strings.Join(want, "\n")), []byte("\nend ")) > 1 {
			t.Errorf("two ends in %q", want)
		}
	})
}

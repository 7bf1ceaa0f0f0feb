package clients

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// event is a message as the wire has it: data first.
func event(body, id string) string { return "data: " + body + "\nid: " + id + "\n\n" }

func TestEventSource(t *testing.T) {
	const (
		helloEvent = "event: control\ndata: " + hello + "\nid: e1-0\n\n"
		gapEvent   = "event: control\ndata: " + gap + "\n\n"
		endEvent   = "event: control\ndata: " + done + "\n\n"
	)
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	cr := func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }
	all := "retry: 250\n" + helloEvent + event(msg1, "e1-1") + ": heartbeat\n\n" + gapEvent + event(msg2, "e1-2") + endEvent
	allItems := []string{"- retry=250ms", helloItem, msg1Item, "heartbeat",
		"gap id=e1-53 ->e1-1 missed=12", msg2Item, "end ->e1-2 reason=recycle-bytes retry=250ms"}
	runDecoder(t, "eventsource", Params{}, []decoderCase{
		{name: "all kinds", wire: all, want: allItems},
		{name: "CRLF", wire: crlf(all), want: allItems},
		{name: "CR", wire: cr(all), want: allItems},
		{name: "byte order mark", wire: byteOrderMark + all, want: allItems},
		{name: "part of a byte order mark", wire: byteOrderMark[:2] + "data: x\n" + event(msg1, "e1-1"), want: []string{msg1Item}},
		{name: "second byte order mark", wire: byteOrderMark + byteOrderMark + "data: x\n" + event(msg1, "e1-1"), want: []string{msg1Item}},
		{name: "prelude", wire: ":" + strings.Repeat(" ", 40) + "\n" + helloEvent, want: []string{helloItem}},
		{name: "heartbeat before the first event", wire: ": heartbeat\n", want: []string{"heartbeat"}},
		{name: "foreign comments", wire: ": hi\n\n" + event(msg1, "e1-1") + ": ping\n:\n", want: []string{msg1Item, "heartbeat", "heartbeat"}},
		{name: "padding", wire: event(msg1+"     ", "e1-1"), want: []string{msg1Item}},
		{name: "several data lines", wire: "data: " + msg1[:1] + "\ndata:" + msg1[1:] + "\nid:e1-1\n\n", want: []string{msg1Item}},
		{name: "unknown fields", wire: "Data: x\n data: x\ndata : x\nfoo\n" + event(msg1, "e1-1"), want: []string{msg1Item}},
		{name: "retry must be digits", wire: "retry: 1x\nretry:\nretry\nretry: -1\nretry:7\nretry: 99999999999999999999\n",
			want: []string{"- retry=7ms", "- retry=86400000ms"}},
		{name: "an id without data moves the position", wire: "id: e1-9\n\nid: e1-9\n\nid\n\n", want: []string{"- ->e1-9", "- ->"}},
		{name: "an id with NUL is ignored", wire: "id: a\x00b\n" + event(msg1, "e1-1")[:len("data: "+msg1)+1] + "id: e1-1\n\n", want: []string{msg1Item}},
		{name: "the id stays", wire: event(msg1, "e1-1") + "data: " + gap + "\nevent: control\n\n", want: []string{msg1Item, "gap id=e1-53 ->e1-1 missed=12"}},
		{name: "ids disagree", wire: event(msg1, "e1-7"),
			want: []string{strings.Replace(msg1Item, "->e1-1", "->e1-7", 1), `error the event of "e1-1" carries the event id "e1-7"`}},
		{name: "no id", wire: "data: " + msg1 + "\n\n",
			want: []string{strings.Replace(msg1Item, "->e1-1", "->", 1), `error the event of "e1-1" carries the event id ""`}},
		{name: "malformed message takes its id along", wire: "data: oops\nid: e1-1\n\n" + event(msg2, "e1-2"),
			want: []string{"- ->e1-1", "error message is not a JSON object: oops", msg2Item}},
		{name: "empty data is an event", wire: "data\n\n" + event(msg1, "e1-1"), want: []string{"error message is empty", msg1Item}},
		{name: "control without its type", wire: "data: " + gap + "\n\n", want: []string{`error event of type "message": ` + gap}},
		{name: "message with the wrong type", wire: "event: control\ndata: {\"channel\":\"c\",\"id\":\"x\",\"sent_us\":1,\"data\":1}\n\n",
			want: []string{`error event of type "control": {"channel":"c","id":"x","sent_us":1,"data":1}`}},
		{name: "unknown type", wire: "event: add\ndata: " + gap + "\n\n", want: []string{`error event of unknown type "add": ` + gap}},
		{name: "the type does not stay", wire: "event: control\n\n" + event(msg1, "e1-1"), want: []string{msg1Item}},
		{name: "malformed UTF-8 is replaced", wire: event("{\"channel\":\"c\",\"id\":\"e1-1\",\"sent_us\":1,\"data\":\"\xe2\x82|\xff\xfe|\xf0\x9f\x98\"}", "e1-1"),
			want: []string{"message id=e1-1 ->e1-1 sent=1 16 bytes \"\uFFFD|\uFFFD\uFFFD|\uFFFD\""}},
		{name: "cut before the blank line", wire: "data: " + msg1 + "\nid: e1-1\n", err: ErrUnfinished},
		{name: "cut in a line", wire: event(msg1, "e1-1") + "dat", want: []string{msg1Item}, err: ErrUnfinished},
		{name: "cut in a comment", wire: event(msg1, "e1-1") + ": hea", want: []string{msg1Item}},
	})
}

// An event is there with its blank line, whatever ends the line, and a lone CR
// does not wait for the byte behind it.
func TestEventSourceIsPrompt(t *testing.T) {
	for name, end := range map[string]string{"LF": "\n", "CR": "\r", "CRLF": "\r\n"} {
		first := strings.ReplaceAll(event(msg1, "e1-1"), "\n", end)
		at := len(first)
		if end == "\r\n" {
			at-- // the CR alone says it
		}
		got := promptly(t, "eventsource", Params{}, first)
		if want := []string{fmt.Sprintf("message at %d", at)}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

package clients

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// sockjsPrelude is what xhr_streaming starts with, apart from its line feed.
var sockjsPrelude = []byte(strings.Repeat("h", 2048))

// sockjsDecoder returns the decoder of a transport, nil for a technique that is
// none of SockJS. callback is the name asked for, for htmlfile and jsonp.
func sockjsDecoder(technique, callback string) (Decoder, error) {
	switch technique {
	case "sockjs-xhr", "sockjs-xhr-streaming":
		return &sockjsLines{}, nil
	case "sockjs-eventsource":
		return &sockjsEvents{}, nil
	case "sockjs-websocket":
		return &sockjsSocket{}, nil
	case "sockjs-htmlfile", "sockjs-jsonp":
		if callback == "" {
			return nil, fmt.Errorf("decode %s: no callback name", technique)
		}
		if technique == "sockjs-jsonp" {
			return &sockjsCall{callback: callback}, nil
		}
		return &sockjsPage{head: []byte("parent." + callback + ";"), start: -1}, nil
	}
	return nil, nil
}

// sockjsLines reads a frame a line, behind a prelude if there is one.
type sockjsLines struct {
	sockjsFrames
	line []byte
}

func (d *sockjsLines) Feed(p []byte, emit func(Item)) error {
	for len(p) > 0 && d.bad.err == nil {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		if len(d.line)+len(part) > MaxMessage {
			d.line = nil
			return d.bad.fail(fmt.Errorf("line of more than %d bytes: %w", MaxMessage, ErrTooLong))
		}
		d.line = append(d.line, part...)
		if i < 0 {
			return nil
		}
		if len(d.line) > 0 && !bytes.Equal(d.line, sockjsPrelude) {
			_ = d.frame(d.line, emit) // kept in bad.err
		}
		if d.line = d.line[:0]; cap(d.line) > keepBuffer {
			d.line = nil
		}
		p = p[i+1:]
	}
	return d.bad.err
}

func (d *sockjsLines) End(func(Item)) error {
	if d.bad.err == nil && len(d.line) > 0 {
		return fmt.Errorf("%w, after %d bytes: %s", ErrUnfinished, len(d.line), excerpt(d.line))
	}
	return d.bad.err
}

// sockjsEvents reads a frame an event, as the published client does: by
// decodeURI.
type sockjsEvents struct {
	sockjsFrames
	stream eventStream
}

func (d *sockjsEvents) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	err := d.stream.feed(p, eventSink{
		event: func(kind string, data []byte, _ string) {
			switch {
			case d.bad.err != nil || data == nil:
			case kind != "message":
				_ = d.bad.malformed(fmt.Sprintf("event of type %q: %s", kind, excerpt(data)), len(data), emit)
			default:
				frame, err := decodeURI(data)
				if err != nil {
					_ = d.bad.malformed(err.Error(), len(data), emit)
					return
				}
				_ = d.frame(frame, emit) // kept in bad.err
			}
		},
		comment: func([]byte) {},
		retry:   func(int64) {},
	})
	if err != nil && d.bad.err == nil {
		_ = d.bad.fail(err)
	}
	return d.bad.err
}

func (d *sockjsEvents) End(func(Item)) error {
	if n := d.stream.unfinished(); d.bad.err == nil && n > 0 {
		return fmt.Errorf("%w, after %d bytes of an event", ErrUnfinished, n)
	}
	return d.bad.err
}

// sockjsSocket reads a frame a WebSocket message.
type sockjsSocket struct{ sockjsFrames }

func (d *sockjsSocket) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if len(p) > MaxMessage {
		return d.bad.fail(fmt.Errorf("frame of %d bytes: %w", len(p), ErrTooLong))
	}
	return d.frame(p, emit)
}

func (d *sockjsSocket) End(func(Item)) error { return d.bad.err }

// sockjsCall reads an answer that is one call with one frame.
type sockjsCall struct {
	sockjsFrames
	callback string
	body     []byte
}

func (d *sockjsCall) Feed(p []byte, _ func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if len(d.body)+len(p) > MaxAnswer {
		d.body = nil
		return d.bad.fail(fmt.Errorf("answer of more than %d bytes: %w", MaxAnswer, ErrTooLong))
	}
	d.body = append(d.body, p...)
	return nil
}

func (d *sockjsCall) End(emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	frame, err := d.argument()
	if err != nil {
		return d.bad.fail(fmt.Errorf("answer of %d bytes: %w", len(d.body), err))
	}
	return d.frame(frame, emit)
}

func (d *sockjsCall) argument() ([]byte, error) {
	rest, ok := bytes.CutPrefix(d.body, []byte("/**/"+d.callback+"("))
	if !ok {
		return nil, fmt.Errorf("does not call %s behind /**/: %s", d.callback, excerpt(d.body))
	}
	literal, ok := bytes.CutSuffix(bytes.TrimRight(rest, jsonSpace), []byte(");"))
	if !ok {
		return nil, errors.New("the call does not end: " + excerpt(d.body))
	}
	return scriptString(literal)
}

// sockjsPage reads a page of scripts, one for each frame.
type sockjsPage struct {
	sockjsFrames
	head  []byte // what the page's head must contain; nil once it was there
	buf   []byte
	start int // of the script in buf, -1 while there is none
	from  int // what was looked through for its start, or its end
}

const (
	pageOpen  = "<script>\np("
	pageClose = ");\n</script>"
	// pageHead is the most bytes that a head may have, and pageHeadLeast what
	// old browsers want to see.
	pageHead, pageHeadLeast = 16 << 10, 1025
)

func (d *sockjsPage) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	d.buf = append(d.buf, p...)
	for d.bad.err == nil && d.script(emit) {
	}
	if d.bad.err == nil && len(d.buf) > MaxMessage {
		d.buf = nil
		return d.bad.fail(fmt.Errorf("script of more than %d bytes: %w", MaxMessage, ErrTooLong))
	}
	if len(d.buf) == 0 && cap(d.buf) > keepBuffer {
		d.buf = nil
	}
	return d.bad.err
}

// script takes the next whole script from the buffer, and what is before it.
func (d *sockjsPage) script(emit func(Item)) bool {
	if d.start < 0 && !d.find(pageOpen) {
		if d.head != nil && len(d.buf) > pageHead {
			_ = d.bad.fail(fmt.Errorf("%w: no script within %d bytes", ErrNotFraming, pageHead))
		}
		return false
	}
	if d.start < 0 {
		d.start, d.from = d.from, d.from+len(pageOpen)
	}
	if !d.find(pageClose) {
		return false
	}
	d.between(d.buf[:d.start], emit)
	if d.bad.err != nil {
		return false
	}
	body := d.buf[d.start+len(pageOpen) : d.from]
	frame, err := scriptString(body)
	if err != nil {
		_ = d.bad.malformed("script "+err.Error(), len(body), emit)
	} else {
		_ = d.frame(frame, emit) // kept in bad.err
	}
	d.buf = append(d.buf[:0], d.buf[d.from+len(pageClose):]...)
	d.start, d.from = -1, 0
	return true
}

// find moves from to the next mark, or to where it may yet begin.
func (d *sockjsPage) find(mark string) bool {
	if i := bytes.Index(d.buf[d.from:], []byte(mark)); i >= 0 {
		d.from += i
		return true
	}
	d.from = max(d.from, len(d.buf)-len(mark)+1)
	return false
}

// between looks at what stands before a script: the page's head, or space.
func (d *sockjsPage) between(text []byte, emit func(Item)) {
	switch {
	case d.head != nil && !bytes.Contains(text, d.head):
		_ = d.bad.malformed(fmt.Sprintf("the page does not look for %s: %s", d.head, excerpt(text)), len(text), emit)
	case d.head != nil && len(text) < pageHeadLeast:
		_ = d.bad.malformed(fmt.Sprintf("%d bytes before the first script, want at least %d", len(text), pageHeadLeast), len(text), emit)
	case d.head == nil && len(bytes.Trim(text, jsonSpace)) > 0:
		_ = d.bad.malformed("bytes outside a script: "+excerpt(text), len(text), emit)
	}
	d.head = nil
}

func (d *sockjsPage) End(func(Item)) error {
	if n := len(bytes.Trim(d.buf, jsonSpace)); d.bad.err == nil && n > 0 && d.head == nil {
		return fmt.Errorf("%w, after %d bytes: %s", ErrUnfinished, n, excerpt(bytes.Trim(d.buf, jsonSpace)))
	}
	return d.bad.err
}

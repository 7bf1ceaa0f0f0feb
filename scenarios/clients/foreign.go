package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// MaxForeign is the most bytes that one message of somebody's own endpoint may
// have: what has no delimiter for so long is not in the framing it claims.
const MaxForeign = 1 << 20

// FramingOf guesses the framing of an answer from its Content-Type; "" when
// the type says nothing about it.
func FramingOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
	}
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "text/event-stream":
		return measure.FramingSSE
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines", "application/stream+json", "application/json-seq":
		return measure.FramingNDJSON
	case "text/plain":
		return measure.FramingLines
	}
	return ""
}

// NewForeignDecoder returns the decoder of an endpoint that is not the
// reference server's. Its messages are numbered from 1 in ID; SentUS and Seq
// are set where s points at them and the message has them. The message that
// s.End names becomes an item of kind End, and what follows it is ignored. It
// fails for an unknown framing, and for none when the type tells none either.
func NewForeignDecoder(s measure.Stream, contentType string) (Decoder, error) {
	framing := s.Framing
	if framing == "" {
		framing = FramingOf(contentType)
	}
	d := &foreignMessages{stream: s, json: framing == measure.FramingNDJSON}
	switch framing {
	case measure.FramingSSE:
		return &foreignEvents{messages: d}, nil
	case measure.FramingNDJSON, measure.FramingLines:
		return &foreignLines{messages: d}, nil
	case measure.FramingRaw, measure.FramingWebSocket:
		return &foreignPieces{messages: d}, nil
	case "":
		return nil, fmt.Errorf("content type %q does not tell the framing; say framing: %s", contentType, strings.Join(measure.Framings(), ", "))
	}
	return nil, fmt.Errorf("unknown framing %q; there are %s", framing, strings.Join(measure.Framings(), ", "))
}

// foreignMessages numbers what a framing found and looks into it.
type foreignMessages struct {
	stream measure.Stream
	json   bool // each message must be JSON
	count  int
	ended  bool
	bad    strikes
}

// add takes one message; kind is an event's type, "" elsewhere.
func (f *foreignMessages) add(kind string, data []byte, emit func(Item)) {
	if f.ended || f.bad.err != nil {
		return
	}
	if end := f.stream.End; end != "" && (string(bytes.TrimSpace(data)) == end || kind == end) {
		f.ended = true
		emit(Item{Kind: measure.End, Reason: end})
		return
	}
	if f.json && !json.Valid(data) {
		_ = f.bad.malformed("not JSON: "+excerpt(data), len(data), emit) // kept in f.bad.err
		return
	}
	f.bad.row = 0
	f.count++
	it := Item{Kind: measure.Received, ID: strconv.Itoa(f.count), Data: data, Binary: true, Bytes: len(data)}
	f.look(&it)
	emit(it)
}

// look finds the message's own number and time.
func (f *foreignMessages) look(it *Item) {
	if f.stream.Sequence == "" && f.stream.Sent == "" {
		return
	}
	value, err := parseAny(it.Data)
	if err != nil {
		return
	}
	if n, ok := wholeNumber(pointed(value, f.stream.Sequence)); ok && f.stream.Sequence != "" {
		it.Seq = &n
	}
	if f.stream.Sent != "" {
		it.SentUS = unixMicros(pointed(value, f.stream.Sent))
	}
}

// foreignEvents are the events of a text/event-stream.
type foreignEvents struct {
	messages *foreignMessages
	stream   eventStream
	mark     int  // bytes of a byte order mark seen at the start
	begun    bool // something else but white space was seen
}

func (d *foreignEvents) Feed(p []byte, emit func(Item)) error {
	if d.messages.bad.err != nil {
		return d.messages.bad.err
	}
	// Its parser would ignore each line of these in silence.
	if start := d.beginning(p); len(start) > 0 && bytes.IndexByte([]byte("<{["), start[0]) >= 0 {
		return d.messages.bad.fail(fmt.Errorf("%w: an event stream does not begin with %s", ErrNotFraming, excerpt(start)))
	}
	err := d.stream.feedUpTo(p, MaxForeign, eventSink{
		event: func(kind string, data []byte, _ string) {
			if data != nil {
				d.messages.add(kind, data, emit)
			}
		},
		comment: func([]byte) { emit(Item{Kind: measure.Heartbeat}) },
		retry:   func(int64) {},
	})
	if err != nil && d.messages.bad.err == nil {
		_ = d.messages.bad.fail(err)
	}
	return d.messages.bad.err
}

// beginning is p from the first byte of the stream on that is no white space,
// nil when that was seen before or is still to come.
func (d *foreignEvents) beginning(p []byte) []byte {
	for i, b := range p {
		switch {
		case d.begun:
			return nil
		case d.mark < len(byteOrderMark) && b == byteOrderMark[d.mark]:
			d.mark++
		case b != ' ' && b != '\t' && b != '\r' && b != '\n':
			d.begun = true
			return p[i:]
		}
	}
	return nil
}

func (d *foreignEvents) End(func(Item)) error {
	if n := d.stream.unfinished(); d.messages.bad.err == nil && n > 0 && !d.messages.ended {
		return fmt.Errorf("%w, after %d bytes of an event", ErrUnfinished, n)
	}
	return d.messages.bad.err
}

// foreignLines are lines that are not empty.
type foreignLines struct {
	messages *foreignMessages
	line     []byte
}

func (d *foreignLines) Feed(p []byte, emit func(Item)) error {
	for len(p) > 0 && d.messages.bad.err == nil {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		if len(d.line)+len(part) > MaxForeign {
			d.line = nil
			return d.messages.bad.fail(fmt.Errorf("line of more than %d bytes: %w", MaxForeign, ErrTooLong))
		}
		d.line = append(d.line, part...)
		if i < 0 {
			return nil
		}
		// An RFC 7464 sequence puts a record separator in front of each text.
		if whole := bytes.Trim(d.line, " \t\r\x1e"); len(whole) > 0 {
			d.messages.add("", whole, emit)
		}
		d.line = d.line[:0]
		p = p[i+1:]
	}
	return d.messages.bad.err
}

// End takes a last line without an end of line for a message if it is whole
// for all one can tell: many encoders leave the last one away.
func (d *foreignLines) End(emit func(Item)) error {
	last := bytes.Trim(d.line, " \t\r\x1e")
	if d.messages.bad.err != nil || len(last) == 0 || d.messages.ended {
		return d.messages.bad.err
	}
	if d.messages.json && !json.Valid(last) {
		return fmt.Errorf("%w, after %d bytes of a line", ErrUnfinished, len(last))
	}
	d.messages.add("", last, emit)
	return d.messages.bad.err
}

// foreignPieces takes each Feed for a message.
type foreignPieces struct{ messages *foreignMessages }

func (d *foreignPieces) Feed(p []byte, emit func(Item)) error {
	if len(p) > MaxMessage {
		return d.messages.bad.fail(fmt.Errorf("message of %d bytes: %w", len(p), ErrTooLong))
	}
	d.messages.add("", p, emit)
	return d.messages.bad.err
}

func (d *foreignPieces) End(func(Item)) error { return d.messages.bad.err }

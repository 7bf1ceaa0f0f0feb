package clients

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// eventStream parses text/event-stream as the WHATWG HTML standard says
// (section 9.2.6, interpreting an event stream). The zero value is at the start
// of a stream.
type eventStream struct {
	bom    int  // bytes of a byte order mark seen at the start; -1 when past it
	skipLF bool // the last byte was a CR, so that an LF belongs to it
	line   []byte
	data   []byte // each data line with an LF behind it
	event  string
	id     string // the id buffer
}

// eventSink takes what an eventStream finds. Slices are valid until it returns.
type eventSink struct {
	// event is called at each dispatch, with nil data when there is nothing to
	// dispatch but the last event id.
	event   func(kind string, data []byte, lastID string)
	comment func(text []byte)
	retry   func(ms int64)
}

const byteOrderMark = "\xEF\xBB\xBF"

// feed takes the next bytes. It fails when an event outgrows MaxMessage.
func (s *eventStream) feed(p []byte, to eventSink) error { return s.feedUpTo(p, MaxMessage, to) }

// feedUpTo does so with another limit, in bytes.
func (s *eventStream) feedUpTo(p []byte, limit int, to eventSink) error {
	for s.bom >= 0 && len(p) > 0 {
		if p[0] != byteOrderMark[s.bom] {
			s.line = append(s.line, byteOrderMark[:s.bom]...)
			s.bom = -1
			break
		}
		p = p[1:]
		if s.bom++; s.bom == len(byteOrderMark) {
			s.bom = -1
		}
	}
	for len(p) > 0 {
		if s.skipLF {
			s.skipLF = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		i := bytes.IndexAny(p, "\r\n")
		part := p
		if i >= 0 {
			part = p[:i]
		}
		if len(s.line)+len(part)+len(s.data) > limit {
			s.line, s.data = nil, nil
			return fmt.Errorf("event of more than %d bytes: %w", limit, ErrTooLong)
		}
		s.line = append(s.line, part...)
		if i < 0 {
			return nil
		}
		s.skipLF = p[i] == '\r'
		p = p[i+1:]
		s.endLine(to)
		s.line = s.line[:0]
	}
	return nil
}

// unfinished reports how many bytes of an event wait for their blank line.
func (s *eventStream) unfinished() int {
	if len(s.line) > 0 && s.line[0] != ':' {
		return len(s.data) + len(s.line)
	}
	return len(s.data)
}

func (s *eventStream) endLine(to eventSink) {
	line := toScalars(s.line)
	if len(line) == 0 {
		s.dispatch(to)
		return
	}
	if line[0] == ':' {
		to.comment(line[1:])
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		s.data = append(append(s.data, value...), '\n')
	case "event":
		s.event = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			s.id = string(value)
		}
	case "retry":
		if ms, ok := digits(value); ok {
			to.retry(ms)
		}
	}
}

func (s *eventStream) dispatch(to eventSink) {
	if len(s.data) == 0 {
		to.event("", nil, s.id)
	} else {
		kind := s.event
		if kind == "" {
			kind = "message"
		}
		to.event(kind, s.data[:len(s.data)-1], s.id)
	}
	s.data, s.event = s.data[:0], ""
}

// maxRetryMS bounds what an origin may ask a client to wait: a day.
const maxRetryMS = 24 * 60 * 60 * 1000

// digits reads a number of ASCII digits and nothing else.
func digits(v []byte) (int64, bool) {
	if len(v) == 0 || len(bytes.Trim(v, "0123456789")) > 0 {
		return 0, false
	}
	ms, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || ms > maxRetryMS {
		ms = maxRetryMS
	}
	return ms, true
}

// toScalars replaces malformed UTF-8 as the Encoding standard does: one
// replacement character for each maximal part of a sequence.
func toScalars(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = brokenLen(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return out
}

// brokenLen is how many bytes of b one replacement character stands for: the
// longest start of a sequence that could have become valid.
func brokenLen(b []byte) int {
	for n := min(len(b), 3); n > 1; n-- {
		if !utf8.FullRune(b[:n]) {
			return n
		}
	}
	return 1
}

package clients

import (
	"bytes"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

// maxPartHeader is the most bytes of a part's header lines together.
const maxPartHeader = 16 << 10

type partState int

const (
	inPreamble partState = iota
	afterBoundary
	inPartHeader
	inSizedBody   // the part has a Content-Length
	inUnsizedBody // it has none, and ends at the next boundary
	afterSizedBody
	inEpilogue
)

// multipartDecoder reads a message a part. A part with a length is complete
// with its last byte; one without as soon as the next boundary is there, even
// before that boundary's line end, which some servers send with the next part.
type multipartDecoder struct {
	dash    []byte // --boundary
	state   partState
	buf     bytes.Buffer
	total   int // bytes before the first boundary
	header  int // bytes of this part's header lines
	length  int // of this part's body, -1 if not said
	scanned int // bytes of buf known to hold no boundary
	bad     strikes
}

func newMultipartDecoder(boundary string) *multipartDecoder {
	return &multipartDecoder{dash: []byte("--" + boundary)}
}

func (d *multipartDecoder) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if d.state == inPreamble {
		d.total += len(p)
	}
	d.buf.Write(p)
	for d.bad.err == nil && d.step(emit) {
	}
	if d.bad.err != nil {
		d.buf = bytes.Buffer{}
	}
	return d.bad.err
}

// step consumes one element of the framing, or returns false if it is not
// complete yet.
func (d *multipartDecoder) step(emit func(Item)) bool {
	switch d.state {
	case inPreamble:
		return d.preamble()
	case afterBoundary:
		return d.boundaryLine()
	case inPartHeader:
		return d.headerLine()
	case inSizedBody:
		if d.buf.Len() < d.length {
			return false
		}
		_ = d.bad.message(d.buf.Next(d.length), emit)
		d.state = afterSizedBody
		return true
	case inUnsizedBody:
		return d.unsizedBody(emit)
	case afterSizedBody:
		return d.delimiter()
	}
	d.buf.Reset() // epilogue
	return false
}

// preamble drops everything before the first boundary, which stands at the
// start of the body or of a line.
func (d *multipartDecoder) preamble() bool {
	b := d.buf.Bytes()
	if d.scanned == 0 { // still the start of the body
		if bytes.HasPrefix(b, d.dash) {
			d.buf.Next(len(d.dash))
			d.state = afterBoundary
			return true
		}
		if bytes.HasPrefix(d.dash, b) {
			return false
		}
		d.scanned = 1
	}
	if i := d.findBoundary(b); i >= 0 {
		d.buf.Next(i + 1 + len(d.dash))
		d.state, d.scanned = afterBoundary, 0
		return true
	}
	d.buf.Next(max(0, len(b)-len(d.dash)))
	return false
}

// findBoundary returns the index of the line end before a boundary.
func (d *multipartDecoder) findBoundary(b []byte) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], d.dash)
		if i < 0 {
			return -1
		}
		if i += from; i > 0 && b[i-1] == '\n' {
			return i - 1
		}
		from = i + 1
	}
}

// boundaryLine reads the rest of a boundary's line.
func (d *multipartDecoder) boundaryLine() bool {
	b := d.buf.Bytes()
	rest := bytes.TrimLeft(b, " \t")
	switch {
	case len(b)-len(rest) > maxPartHeader:
		_ = d.bad.fail(fmt.Errorf("boundary line: %w", ErrTooLong))
	case len(rest) == 0 || string(rest) == "\r" || string(rest) == "-":
		return false
	case bytes.HasPrefix(rest, []byte("--")):
		d.state = inEpilogue
	case rest[0] == '\n' || bytes.HasPrefix(rest, []byte("\r\n")):
		d.buf.Next(len(b) - len(rest) + bytes.IndexByte(rest, '\n') + 1)
		d.state, d.header, d.length = inPartHeader, 0, -1
	default:
		_ = d.bad.fail(fmt.Errorf("%w: boundary followed by %q", ErrNotFraming, rest[:1]))
	}
	return true
}

func (d *multipartDecoder) headerLine() bool {
	b := d.buf.Bytes()
	i := bytes.IndexByte(b, '\n')
	size := i
	if i < 0 {
		size = len(b)
	}
	if d.header+size > maxPartHeader {
		_ = d.bad.fail(fmt.Errorf("part header of more than %d bytes: %w", maxPartHeader, ErrTooLong))
		return true
	}
	if i < 0 {
		return false
	}
	line := strings.TrimSuffix(string(b[:i]), "\r")
	d.buf.Next(i + 1)
	d.header += i + 1
	if line == "" {
		d.state, d.scanned = inUnsizedBody, 0
		if d.length >= 0 {
			d.state = inSizedBody
		}
		return true
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		_ = d.bad.fail(fmt.Errorf("%w: part header line %q has no colon", ErrNotFraming, excerpt([]byte(line))))
		return true
	}
	if textproto.CanonicalMIMEHeaderKey(name) == "Content-Length" {
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
		switch {
		case err != nil:
			_ = d.bad.fail(fmt.Errorf("%w: part Content-Length %q", ErrNotFraming, excerpt([]byte(value))))
		case n > MaxMessage:
			_ = d.bad.fail(fmt.Errorf("part of %d bytes: %w", n, ErrTooLong))
		}
		d.length = int(n)
	}
	return true
}

func (d *multipartDecoder) unsizedBody(emit func(Item)) bool {
	b := d.buf.Bytes()
	i := d.findBoundary(b[d.scanned:])
	if i < 0 {
		if len(b) > MaxMessage {
			_ = d.bad.fail(fmt.Errorf("part of more than %d bytes: %w", MaxMessage, ErrTooLong))
		}
		d.scanned = max(d.scanned, len(b)-len(d.dash))
		return false
	}
	i += d.scanned
	_ = d.bad.message(bytes.TrimSuffix(b[:i], []byte("\r")), emit)
	d.buf.Next(i + 1 + len(d.dash))
	d.state, d.scanned = afterBoundary, 0
	return true
}

// delimiter expects the boundary right behind a body of known length.
func (d *multipartDecoder) delimiter() bool {
	b := d.buf.Bytes()
	for _, end := range []string{"\r\n", "\n"} {
		want := append([]byte(end), d.dash...)
		if bytes.HasPrefix(b, want) {
			d.buf.Next(len(want))
			d.state = afterBoundary
			return true
		}
		if bytes.HasPrefix(want, b) {
			return false
		}
	}
	_ = d.bad.fail(fmt.Errorf("%w: a part of Content-Length %d is not followed by the boundary", ErrNotFraming, d.length))
	return true
}

func (d *multipartDecoder) End(func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	left := d.buf.Len()
	switch d.state {
	case inPreamble:
		if d.total > 0 {
			return d.bad.fail(fmt.Errorf("%w: no boundary %q in %d bytes", ErrNotFraming, d.dash, d.total))
		}
	case inPartHeader:
		if left+d.header > 0 {
			return fmt.Errorf("%w, after %d bytes of a part's header", ErrUnfinished, left+d.header)
		}
	case inSizedBody, inUnsizedBody:
		return fmt.Errorf("%w, after %d bytes of a part: %s", ErrUnfinished, left, excerpt(d.buf.Bytes()))
	}
	return nil
}

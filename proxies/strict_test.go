package proxies

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// strictMessage is an HTTP/1 message that every reader understands alike: read
// by the letter of RFC 9112, with nothing forgiven. It shares no code with
// net/http, or it would agree with each of its mistakes.
type strictMessage struct {
	start  string
	header [][2]string
	body   string
	framed string // "length", "chunked", "close" or "none"
}

// errAmbiguous is what two readers might understand in two ways.
var errAmbiguous = errors.New("ambiguous message")

func ambiguous(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errAmbiguous, fmt.Sprintf(format, args...))
}

// strictReader reads messages. A forgiving one allows what RFC 9112 lets a
// recipient repair in one way only: lines that end with LF alone, folded ones,
// empty ones before a message, later versions of HTTP/1, and the same length said
// twice.
type strictReader struct {
	*bufio.Reader
	forgiving bool
}

// read reads one message. io.EOF is an end before it, ErrUnexpectedEOF one
// inside. A response that has no body, whatever its head says, is bodiless.
func (r strictReader) read(request, bodiless bool) (*strictMessage, error) {
	line, err := r.line()
	for r.forgiving && err == nil && line == "" {
		line, err = r.line()
	}
	if err != nil {
		if line == "" && errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return nil, err
	}
	m := &strictMessage{start: line}
	if err := r.checkStart(m, request); err != nil {
		return m, err
	}
	for {
		line, err := r.line()
		if err != nil {
			return m, err
		}
		if line == "" {
			break
		}
		if r.forgiving && (line[0] == ' ' || line[0] == '\t') && len(m.header) > 0 {
			last := &m.header[len(m.header)-1]
			last[1] = strings.Trim(last[1]+" "+strings.Trim(line, " \t"), " ")
			continue
		}
		field, err := strictField(line)
		if err != nil {
			return m, err
		}
		m.header = append(m.header, field)
	}
	return m, m.readBody(r, request, bodiless)
}

// line reads to CRLF and allows no other control character but tab.
func (r strictReader) line() (string, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			return string(line), io.ErrUnexpectedEOF
		}
		switch {
		case c == '\r':
			if c, err = r.ReadByte(); err != nil {
				return string(line), io.ErrUnexpectedEOF
			}
			if c != '\n' {
				return string(line), ambiguous("a bare CR in %q", line)
			}
			return string(line), nil
		case c == '\n' && r.forgiving:
			return string(line), nil
		case c < ' ' && c != '\t', c == 0x7f:
			return string(line), ambiguous("byte %#x in %q", c, line)
		}
		line = append(line, c)
	}
}

const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func isToken(s string) bool { return s != "" && strings.Trim(s, tokenChars) == "" }

func (r strictReader) checkStart(m *strictMessage, request bool) error {
	if !request {
		version, rest, _ := strings.Cut(m.start, " ")
		status, _, _ := strings.Cut(rest, " ")
		if version != "HTTP/1.1" && version != "HTTP/1.0" || len(status) != 3 || strings.Trim(status, "0123456789") != "" || status[0] < '1' {
			return ambiguous("status line %q", m.start)
		}
		return nil
	}
	parts := strings.Split(m.start, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" || !r.version(parts[2]) {
		return ambiguous("request line %q", m.start)
	}
	return nil
}

// version reports whether it is one of HTTP/1.
func (r strictReader) version(s string) bool {
	minor, ok := strings.CutPrefix(s, "HTTP/1.")
	return ok && (minor == "0" || minor == "1" || r.forgiving && len(minor) == 1 && minor > "1" && minor <= "9")
}

func strictField(line string) ([2]string, error) {
	name, value, found := strings.Cut(line, ":")
	if !found || !isToken(name) {
		return [2]string{}, ambiguous("field %q", line)
	}
	return [2]string{strings.ToLower(name), strings.Trim(value, " \t")}, nil
}

// values are all of one field.
func (m *strictMessage) values(name string) []string {
	var out []string
	for _, f := range m.header {
		if f[0] == name {
			out = append(out, f[1])
		}
	}
	return out
}

// readBody reads what the head announces: at most one way of framing.
func (m *strictMessage) readBody(r strictReader, request, bodiless bool) error {
	lengths, codings := m.values("content-length"), m.values("transfer-encoding")
	if r.forgiving {
		lengths = slices.Compact(lengths)
	}
	v11 := !strings.HasPrefix(m.start, "HTTP/1.0 ") && !strings.HasSuffix(m.start, " HTTP/1.0")
	switch {
	case len(lengths)+len(codings) > 1:
		return ambiguous("framed by lengths %q and codings %q", lengths, codings)
	case len(codings) == 1 && (!strings.EqualFold(codings[0], "chunked") || !v11):
		return ambiguous("coding %q in %q", codings[0], m.start)
	case len(lengths) == 1 && (lengths[0] == "" || strings.Trim(lengths[0], "0123456789") != "" || len(lengths[0]) > 18):
		return ambiguous("length %q", lengths[0])
	case bodiless || len(codings)+len(lengths) == 0 && request:
		m.framed = "none"
		return nil
	case len(codings) == 1:
		m.framed = "chunked"
		return m.readChunks(strictReader{Reader: r.Reader})
	case len(lengths) == 1:
		m.framed = "length"
		n, _ := strconv.ParseInt(lengths[0], 10, 64)
		return m.readBytes(r, n)
	}
	m.framed = "close"
	rest, err := io.ReadAll(r)
	m.body = string(rest)
	return err
}

func (m *strictMessage) readBytes(r io.Reader, n int64) error {
	b, _ := io.ReadAll(io.LimitReader(r, n))
	m.body += string(b)
	if int64(len(b)) < n {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (m *strictMessage) readChunks(r strictReader) error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(digits, 16, 62)
		if err != nil || strings.Trim(digits, "0123456789abcdefABCDEF") != "" || len(digits) > 16 || len(line) > 4000 {
			return ambiguous("chunk size %q", line)
		}
		if n == 0 {
			break
		}
		if err := m.readBytes(r, int64(n)); err != nil {
			return err
		}
		if line, err := r.line(); err != nil || line != "" {
			if err == nil || errors.Is(err, errAmbiguous) {
				err = ambiguous("chunk of %d ends with %q", n, line)
			}
			return err
		}
	}
	for { // trailers
		line, err := r.line()
		if err != nil || line == "" {
			return err
		}
		if _, err := strictField(line); err != nil {
			return err
		}
	}
}

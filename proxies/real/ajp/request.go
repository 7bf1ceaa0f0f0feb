package ajp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// forward is what a FORWARD_REQUEST says, as far as an HTTP origin can be told.
type forward struct {
	method   string
	uri      string // path, as the client wrote it
	query    string // without the question mark; hasQuery tells "" from none
	hasQuery bool
	server   string // name and port that the client asked for
	header   http.Header
}

// methods by their code, from 1.
var methods = [...]string{
	1: "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
	"LOCK", "UNLOCK", "ACL", "REPORT", "VERSION-CONTROL", "CHECKIN", "CHECKOUT", "UNCHECKOUT", "SEARCH", "MKWORKSPACE",
	"UPDATE", "LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY",
}

// methodStored is the code of a method that has none: its name is an attribute.
const methodStored = 0xff

// requestHeaders are the names that have codes, 0xA001 and on.
var requestHeaders = [...]string{
	1: "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Connection", "Content-Type",
	"Content-Length", "Cookie", "Cookie2", "Host", "Pragma", "Referer", "User-Agent",
}

// codedName is the high byte of a header's name that is a code. A name of that
// length cannot be sent.
const codedName = 0xa000

// The attributes whose form differs from a plain string, and those that matter
// here.
const (
	attributeQuery        = 0x05
	attributeNamed        = 0x0a // two strings
	attributeKeySize      = 0x0b // an integer
	attributeStoredMethod = 0x0d
	attributesEnd         = 0xff
)

var (
	errMethod    = errors.New("unknown method")
	errHeader    = errors.New("unknown header code")
	errAttribute = errors.New("unknown attribute")
)

// parseForward reads the payload of a FORWARD_REQUEST.
func parseForward(payload []byte) (*forward, error) {
	q := &forward{header: http.Header{}}
	if err := q.parse(payload); err != nil {
		return nil, fmt.Errorf("ajp: forward request: %w", err)
	}
	return q, nil
}

func (q *forward) parse(payload []byte) error {
	f := fields{rest: payload}
	if f.octet() != codeForwardRequest {
		return errMalformed
	}
	method := int(f.octet())
	if method < len(methods) {
		q.method = methods[method]
	}
	f.text() // protocol
	q.uri = f.text()
	f.text() // remote address
	f.text() // remote host
	q.server = net.JoinHostPort(f.text(), strconv.Itoa(f.integer()))
	f.boolean() // TLS
	for range f.integer() {
		name, err := headerName(&f)
		if err != nil {
			return err
		}
		value := f.text()
		if f.err != nil {
			return f.err
		}
		q.header.Add(name, value)
	}
	if err := q.attributes(&f, method == methodStored); err != nil {
		return err
	}
	if q.method == "" {
		return errMethod
	}
	return nil
}

// headerName takes a name, which is a code or a string.
func headerName(f *fields) (string, error) {
	n := f.integer()
	if n&0xff00 != codedName {
		return f.textOf(n), f.err
	}
	if n &= 0xff; n == 0 || n >= len(requestHeaders) {
		return "", errHeader
	}
	return requestHeaders[n], nil
}

// attributes takes what follows the headers, to its end mark and no further.
func (q *forward) attributes(f *fields, stored bool) error {
	for {
		switch code := f.octet(); {
		case f.err != nil:
			return f.err
		case code == attributesEnd:
			return nil
		case code == attributeQuery:
			q.query, q.hasQuery = f.text(), true
		case code == attributeNamed:
			f.text()
			f.text()
		case code == attributeKeySize:
			f.integer()
		case code == attributeStoredMethod:
			if name := f.text(); stored {
				q.method = name
			}
		case code > 0 && code < attributeStoredMethod:
			f.text()
		default:
			return errAttribute
		}
	}
}

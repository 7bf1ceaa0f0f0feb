package ajp

import (
	"encoding/binary"
	"errors"
)

var errMalformed = errors.New("its fields do not fit its length")

// fields takes the fields of a payload one after the other. After an error all
// that follows is zero.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) bytes(n int) []byte {
	if f.err != nil || n > len(f.rest) {
		f.err = errMalformed
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) octet() byte {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) boolean() bool { return f.octet() != 0 }

func (f *fields) integer() int {
	if b := f.bytes(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

// noString is the length of a string that is absent; nothing follows it.
const noString = 0xffff

// text takes a string: its length, its bytes and a zero.
func (f *fields) text() string { return f.textOf(f.integer()) }

func (f *fields) textOf(length int) string {
	if f.err != nil || length == noString {
		return ""
	}
	s := string(f.bytes(length))
	if f.octet() != 0 {
		f.err = errMalformed
	}
	return s
}

func appendInteger(b []byte, n int) []byte { return binary.BigEndian.AppendUint16(b, uint16(n)) }

func appendText(b []byte, s string) []byte {
	return append(append(appendInteger(b, len(s)), s...), 0)
}

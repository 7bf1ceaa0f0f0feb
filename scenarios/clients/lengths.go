package clients

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// lengthDecoder reads messages and notices that each follow their length in
// four bytes, most significant first: framing=binary.
type lengthDecoder struct {
	buf  bytes.Buffer
	size int // of the message under way, -1 while its length is not complete
	bad  strikes
}

func newLengthDecoder() *lengthDecoder { return &lengthDecoder{size: -1} }

func (d *lengthDecoder) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	d.buf.Write(p)
	for d.bad.err == nil && d.step(emit) {
	}
	if d.bad.err != nil || (d.buf.Len() == 0 && d.buf.Cap() > keepBuffer) {
		d.buf = bytes.Buffer{}
	}
	return d.bad.err
}

// step consumes a length or a message, or returns false if it is not whole.
func (d *lengthDecoder) step(emit func(Item)) bool {
	if d.size < 0 {
		if d.buf.Len() < 4 {
			return false
		}
		head := d.buf.Next(4)
		n := binary.BigEndian.Uint32(head)
		if n > MaxMessage {
			_ = d.bad.fail(fmt.Errorf("length % x means a message of %d bytes: %w", head, n, ErrTooLong))
			return false
		}
		d.size = int(n)
	}
	if d.buf.Len() < d.size {
		return false
	}
	_ = d.bad.message(d.buf.Next(d.size), emit) // kept in d.bad.err
	d.size = -1
	return true
}

func (d *lengthDecoder) End(func(Item)) error {
	switch {
	case d.bad.err != nil:
		return d.bad.err
	case d.size >= 0:
		return fmt.Errorf("%w, after %d bytes of %d: %s", ErrUnfinished, d.buf.Len(), d.size, excerpt(d.buf.Bytes()))
	case d.buf.Len() > 0:
		return fmt.Errorf("%w, after %d bytes of its length", ErrUnfinished, d.buf.Len())
	}
	return nil
}

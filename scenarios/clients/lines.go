package clients

import (
	"bytes"
	"fmt"
)

// keepBuffer is the most that an idle decoder keeps of a buffer that a long
// message made grow: a load run holds thousands of decoders.
const keepBuffer = 64 << 10

// lineDecoder reads a message a line. Lines of spaces are preludes, or fill a
// declared length.
type lineDecoder struct {
	line []byte // the unfinished one
	bad  strikes
}

func (d *lineDecoder) Feed(p []byte, emit func(Item)) error {
	for len(p) > 0 && d.bad.err == nil {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		// Runs of spaces outside a message are not kept: a declared length
		// may be filled up with megabytes of them.
		if len(d.line) == 0 {
			part = bytes.TrimLeft(part, jsonSpace)
		}
		if len(d.line)+len(part) > MaxMessage {
			d.line = nil
			return d.bad.fail(fmt.Errorf("line of more than %d bytes: %w", MaxMessage, ErrTooLong))
		}
		if i < 0 {
			d.line = append(d.line, part...)
			return nil
		}
		if len(d.line) > 0 {
			d.line = append(d.line, part...)
			part = d.line
		}
		if len(part) > 0 {
			_ = d.bad.message(part, emit) // kept in d.bad.err
		}
		d.line = d.line[:0]
		if cap(d.line) > keepBuffer {
			d.line = nil
		}
		p = p[i+1:]
	}
	return d.bad.err
}

func (d *lineDecoder) End(func(Item)) error {
	if d.bad.err == nil && len(d.line) > 0 {
		return fmt.Errorf("%w, after %d bytes: %s", ErrUnfinished, len(d.line), excerpt(d.line))
	}
	return d.bad.err
}

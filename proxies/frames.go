package proxies

import (
	"encoding/binary"
	"math"
)

// maxFrame bounds what is held of a frame, in bytes; larger ones pass in pieces.
const maxFrame = 1 << 20

// frames puts the frames of one direction of a websocket together.
type frames struct {
	held []byte
	rest uint64 // of a frame that is too large to be held
}

// feed calls emit for each whole frame that p completes, and for pieces of those
// that are too large. emit may keep what it gets.
func (f *frames) feed(p []byte, emit func([]byte)) {
	f.held = append(f.held, p...)
	for len(f.held) > 0 {
		size := f.rest
		if size == 0 {
			var ok bool
			if size, ok = frameSize(f.held); !ok {
				return
			}
		}
		have := uint64(len(f.held))
		switch {
		case size <= have:
			have, f.rest = size, 0
		case size > maxFrame || f.rest > 0:
			f.rest = size - have
		default:
			return
		}
		emit(append([]byte(nil), f.held[:have]...))
		f.held = append(f.held[:0], f.held[have:]...)
	}
}

// frameSize is the size of the frame that b begins with, its head included;
// false while too little of the head is there (RFC 6455, 5.2).
func frameSize(b []byte) (uint64, bool) {
	if len(b) < 2 {
		return 0, false
	}
	head, size := uint64(2), uint64(b[1]&0x7f)
	switch {
	case size == 126 && len(b) >= 4:
		head, size = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		head, size = 10, binary.BigEndian.Uint64(b[2:])&math.MaxInt64
	case size >= 126:
		return 0, false
	}
	if b[1]&0x80 != 0 {
		head += 4 // the mask
	}
	return head + size, true
}

package reference

import (
	"encoding/binary"
	"errors"
	"strconv"
)

// frameHeader is the length in front of each binary frame, big-endian.
const frameHeader = 4

var errBinaryPrelude = errors.New("framing=binary needs a prelude of 0 or at least 4 bytes")

// binaryFramer puts the length in front of each message instead of a line end
// behind it. The prelude is a frame of white space, or an empty one; padding is
// inside the frame.
type binaryFramer struct {
	head    Head
	prelude int
	padding int
}

func newBinaryFramer(p *Params) (*binaryFramer, error) {
	if p.Prelude > 0 && p.Prelude < frameHeader {
		return nil, errBinaryPrelude
	}
	return &binaryFramer{head: newHead(p, habits{media: "application/octet-stream"}), prelude: p.Prelude, padding: p.Padding}, nil
}

func (f *binaryFramer) Head() Head { return f.head }

func (f *binaryFramer) Open(dst []byte, hello Control) []byte {
	if f.prelude > 0 {
		start := len(dst)
		dst = appendPrelude(append(dst, 0, 0, 0, 0), f.prelude-frameHeader)
		measured(dst[start:])
	}
	return f.Control(dst, hello)
}

func (f *binaryFramer) Message(dst []byte, m *Message) []byte {
	start := len(dst)
	dst = append(append(dst, 0, 0, 0, 0), m.JSON()...)
	dst = appendPadding(dst, start, 0, f.padding)
	measured(dst[start:])
	return dst
}

func (f *binaryFramer) Control(dst []byte, c Control) []byte {
	start := len(dst)
	dst = c.AppendJSON(append(dst, 0, 0, 0, 0))
	measured(dst[start:])
	return dst
}

func (f *binaryFramer) Close(dst []byte, c Control) []byte { return f.Control(dst, c) }

func (f *binaryFramer) SharingKey() string { return "binary/" + strconv.Itoa(f.padding) }

// measured writes the length of a frame into its header.
func measured(frame []byte) {
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-frameHeader))
}

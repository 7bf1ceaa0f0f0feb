package ajp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Sizes in bytes. Both ends have to agree on the first, which is 8 KB unless
// configured otherwise in both.
const (
	maxPacket  = 8 << 10
	maxPayload = maxPacket - 4 // magic and length
	// maxChunk is what fits into a SEND_BODY_CHUNK: the payload less code,
	// length and the final zero.
	maxChunk = maxPayload - 4
	// maxBodyChunk is what a body packet can carry: the payload less its length.
	maxBodyChunk = maxPayload - 2
)

// Packets begin with one of these, by who sends them.
const (
	magicServer    = 0x1234 // the web server
	magicContainer = 0x4142 // "AB", we
)

// The codes that payloads begin with, those of body packets aside.
const (
	codeForwardRequest = 2
	codeSendBodyChunk  = 3
	codeSendHeaders    = 4
	codeEndResponse    = 5
	codeGetBodyChunk   = 6
	codeShutdown       = 7
	codeCPong          = 9
	codeCPing          = 10
)

var (
	errMagic    = errors.New("ajp: a packet does not begin with 0x1234")
	errTooLarge = errors.New("ajp: a packet is larger than 8 KB")
)

// packetWait bounds the time from the first byte of a packet to its last.
const packetWait = 20 * time.Second

// readPacket reads one packet and returns its payload. It waits for the first
// byte for as long as the connection lives, and for the rest until the deadline
// that started sets. io.EOF is the end between two packets; anything else that
// ends the connection is an error.
func readPacket(r *bufio.Reader, started func() error) ([]byte, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	if err := started(); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("ajp: read packet: %w", err)
	}
	if binary.BigEndian.Uint16(head[:]) != magicServer {
		return nil, errMagic
	}
	n := int(binary.BigEndian.Uint16(head[2:]))
	if n > maxPayload {
		return nil, errTooLarge
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("ajp: read packet: %w", err)
	}
	return payload, nil
}

// bodyOf returns the data of a body packet: its length and so many bytes. An
// empty payload, or a length of zero, is the end of the body.
func bodyOf(payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, nil
	}
	f := fields{rest: payload}
	n := f.integer()
	data := f.bytes(n)
	if f.err != nil || len(f.rest) > 0 {
		return nil, fmt.Errorf("ajp: body packet: %w", errMalformed)
	}
	return data, nil
}

package app

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func now() int64 { return time.Now().UnixMicro() }

// The opcodes of RFC 6455, section 5.2, as far as they matter here.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
)

// frames reads the application's half of a websocket along. No extension was
// offered, so that a payload is the message as it stands.
func (o *observer) frames(q question) {
	dec, err := clients.NewForeignDecoder(measure.Stream{
		Framing: measure.FramingWebSocket, Sequence: o.stream.Sequence, Sent: o.stream.Sent, End: o.stream.End,
	}, "")
	if err != nil {
		return
	}
	mark := ""
	emit := func(it clients.Item) {
		if it.Kind == measure.End {
			mark = it.Reason
		}
		o.item(q, it)
	}
	var message []byte
	for {
		op, final, payload, err := readFrame(o.in, clients.MaxMessage-len(message))
		if err != nil || o.record.full() {
			_, _ = io.Copy(io.Discard, o.tap) // how it ends is known when it ends
			o.ended(q.sub, o.cut(), mark)
			return
		}
		switch op {
		case opClose:
			o.ended(q.sub, measure.EndClean, mark)
			return
		case opPing:
			o.item(q, clients.Item{Kind: measure.Heartbeat})
		case opText, opBinary, opContinuation:
			if message = append(message, payload...); final {
				if err := dec.Feed(message, emit); err != nil {
					o.record.add(measure.Event{Kind: measure.Failed, Sub: q.sub, T: o.tap.stamp, Bytes: len(message), Note: err.Error()})
					return
				}
				message = message[:0]
			}
		}
	}
}

// readFrame reads one frame of at most limit bytes of payload.
func readFrame(in io.Reader, limit int) (op byte, final bool, payload []byte, err error) {
	var head [10]byte
	if _, err := io.ReadFull(in, head[:2]); err != nil {
		return 0, false, nil, err
	}
	op, final = head[0]&0x0f, head[0]&0x80 != 0
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		if _, err := io.ReadFull(in, head[2:4]); err != nil {
			return 0, false, nil, err
		}
		size = uint64(binary.BigEndian.Uint16(head[2:4]))
	case 127:
		if _, err := io.ReadFull(in, head[2:10]); err != nil {
			return 0, false, nil, err
		}
		size = binary.BigEndian.Uint64(head[2:10])
	}
	var mask [4]byte
	masked := head[1]&0x80 != 0
	if masked { // servers do not, but a broken one may
		if _, err := io.ReadFull(in, mask[:]); err != nil {
			return 0, false, nil, err
		}
	}
	if size > uint64(max(limit, 0)) {
		return 0, false, nil, clients.ErrTooLong
	}
	var body bytes.Buffer // it grows with what comes, not with what is promised
	if _, err := io.CopyN(&body, in, int64(size)); err != nil {
		return 0, false, nil, err
	}
	payload = body.Bytes()
	if masked {
		for i := range payload {
			payload[i] ^= mask[i%4]
		}
	}
	return op, final, payload, nil
}

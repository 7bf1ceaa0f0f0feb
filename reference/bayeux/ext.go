package bayeux

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
)

// wantsAcks reads a handshake's ack extension: true, or an object that says
// enabled.
func wantsAcks(ext message) bool {
	if string(ext["ack"]) == "true" {
		return true
	}
	return string(ext.object("ack")["enabled"]) == "true"
}

// timesync is what a client knows of its clock against ours, all in
// milliseconds (CometD's timesync extension).
type timesync struct {
	client   float64 // its clock when it sent
	lag      float64 // its estimate of the way here
	offset   float64 // its estimate of our clock less its own
	received time.Time
}

// timesyncTarget is the accuracy, in milliseconds, that needs no more answers.
const timesyncTarget = 25

func readTimesync(ext message, received time.Time) *timesync {
	o := ext.object("timesync")
	tc, ok := o.number("tc")
	if !ok {
		return nil
	}
	lag, _ := o.number("l")
	offset, _ := o.number("o")
	return &timesync{client: tc, lag: lag, offset: offset, received: received}
}

// accuracy is by how much the client's estimate of our clock is wrong.
func (t *timesync) accuracy() float64 {
	return t.client + t.offset + t.lag - float64(t.received.UnixMilli())
}

// worth reports whether the client needs an answer.
func (t *timesync) worth() bool {
	return t.lag == 0 || math.Abs(t.accuracy()) > timesyncTarget
}

// answer says when the message came, how long it was held, and how wrong the
// client was.
func (t *timesync) answer(now time.Time) map[string]any {
	accuracy := t.accuracy()
	if math.IsInf(accuracy, 0) || math.IsNaN(accuracy) {
		accuracy = 0 // JSON has no word for it
	}
	return map[string]any{
		"tc": t.client, "ts": t.received.UnixMilli(), "p": now.Sub(t.received).Milliseconds(), "a": int64(clamp(accuracy)),
	}
}

// clamp keeps a difference within what clients can count exactly.
func clamp(ms float64) float64 { return max(-1<<53, min(1<<53, ms)) }

func appendCompact(dst []byte, data json.RawMessage) []byte {
	out := bytes.NewBuffer(dst)
	if err := json.Compact(out, data); err != nil { // it was parsed before
		return append(dst, "null"...)
	}
	return out.Bytes()
}

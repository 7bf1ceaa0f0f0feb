package clients

import (
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// eventSourceDecoder turns an event stream into items. Comments are heartbeats,
// but for those before the first event, which are a prelude. The position is
// the stream's last event id, as an EventSource would send it, even where it
// disagrees with the message's own id (which is reported).
type eventSourceDecoder struct {
	stream eventStream
	lastID string
	live   bool // an event was dispatched
	bad    strikes
}

func (d *eventSourceDecoder) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	err := d.stream.feed(p, eventSink{
		event: func(kind string, data []byte, lastID string) {
			if d.bad.err == nil {
				d.dispatch(kind, data, lastID, emit)
			}
		},
		comment: func(text []byte) {
			if d.bad.err == nil && (d.live || strings.TrimSpace(string(text)) == "heartbeat") {
				emit(Item{Kind: measure.Heartbeat})
			}
		},
		retry: func(ms int64) {
			if d.bad.err == nil {
				emit(Item{RetryMS: ms, HasRetry: true})
			}
		},
	})
	if err != nil && d.bad.err == nil {
		_ = d.bad.fail(err)
	}
	return d.bad.err
}

func (d *eventSourceDecoder) dispatch(kind string, data []byte, lastID string, emit func(Item)) {
	moved := lastID != d.lastID
	d.lastID = lastID
	if data == nil {
		if moved {
			emit(Item{Position: lastID, Moves: true})
		}
		return
	}
	d.live = true
	it, err := parseMessage(data)
	switch {
	case err != nil:
	case kind != "message" && kind != "control":
		err = fmt.Errorf("event of unknown type %q: %s", kind, excerpt(data))
	case (kind == "control") != (it.Kind != measure.Received):
		err = fmt.Errorf("event of type %q: %s", kind, excerpt(data))
	}
	if err != nil {
		if moved { // an EventSource takes the id before anyone looks at the data
			emit(Item{Position: lastID, Moves: true})
		}
		_ = d.bad.malformed(err.Error(), len(data), emit)
		return
	}
	d.bad.row = 0
	own, hasOwn := it.Position, it.Moves
	it.Position, it.Moves = lastID, true
	emit(it)
	if hasOwn && own != lastID {
		emit(Item{Kind: measure.Failed, Note: fmt.Sprintf("the event of %q carries the event id %q", own, lastID)})
	}
}

func (d *eventSourceDecoder) End(func(Item)) error {
	if n := d.stream.unfinished(); d.bad.err == nil && n > 0 {
		return fmt.Errorf("%w, after %d bytes of an event", ErrUnfinished, n)
	}
	return d.bad.err
}

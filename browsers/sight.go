package browsers

import (
	"encoding/json"
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// sight is what the page reports: an event of measure, the number of the
// exchange it belongs to, and whether it is the exchange's last.
type sight struct {
	Kind        string          `json:"kind"`
	ID          string          `json:"id"`
	T           int64           `json:"t_us"` // on the page's clock
	Bytes       int             `json:"bytes"`
	Note        string          `json:"note"`
	Status      int             `json:"status"`
	ContentType string          `json:"content_type"`
	EndKind     measure.EndKind `json:"end_kind"`
	Exchange    int             `json:"x"`
	Last        bool            `json:"last"`
}

// done is the page's word that it will not come back. It is not an event.
const done = "done"

// framed is what a frame of the page does, told in its note to those who asked.
// It is not an event either.
const framed = "frame"

// longestSight bounds one report: a message travels as its id and size, so that
// anything longer was not written by our pages.
const longestSight = 64 << 10

// parseSight reads a report. Whatever a path puts into a page can call the
// binding, so that nothing is taken for granted.
func parseSight(payload string) (sight, error) {
	if len(payload) > longestSight {
		return sight{}, fmt.Errorf("a report of %d bytes", len(payload))
	}
	var s sight
	if err := json.Unmarshal([]byte(payload), &s); err != nil {
		return sight{}, fmt.Errorf("parse report: %w", err)
	}
	switch measure.EventKind(s.Kind) {
	case measure.Headers, measure.Prelude, measure.Received, measure.Heartbeat,
		measure.Gap, measure.End, measure.Failed, measure.Reconnect, measure.Write, done, framed:
		return s, nil
	}
	return sight{}, fmt.Errorf("a report of kind %.40q", s.Kind)
}

// event turns a report into an event of the client, offset being what to add
// to the page's clock.
func (s sight) event(offset int64) measure.Event {
	return measure.Event{
		Kind: measure.EventKind(s.Kind), ID: s.ID, T: s.T + offset,
		Bytes: s.Bytes, Note: s.Note, Status: s.Status, ContentType: s.ContentType, EndKind: s.EndKind,
	}
}

package external

import (
	"encoding/json"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// message is one of the hub's: a message of a channel, or a notice.
type message struct {
	Control, ID, Reason, Next string
	Missed                    *int64
	Data                      json.RawMessage
	Bytes                     []byte `json:"data_b64"` // in the place of Data

	sum string // of the data, where the program left it as it came
}

// hubMessage reads what a program reports as data. A program whose protocol
// carries strings reports a string, and the message is in it; others parse, and
// our script prints numbers as JavaScript does: of those there is no sum.
func hubMessage(data json.RawMessage) (m message, err error) {
	var text string
	if len(data) == 0 || data[0] != '"' {
		return m, json.Unmarshal(data, &m)
	}
	if err := json.Unmarshal(data, &text); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.ID == "" {
		return m, err
	}
	if m.Data == nil {
		m.sum = measure.SumBytes(m.Bytes)
		return m, nil
	}
	m.sum, err = measure.SumJSON(m.Data)
	return m, err
}

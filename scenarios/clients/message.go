package clients

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// message holds the fields of a message or notice as they stand on the wire;
// nil means absent.
type message struct {
	channel, id, due, sent, data, b64      []byte
	control, last, epoch, at, missed, next []byte
	reason, retry                          []byte
}

func (m *message) set(name, value []byte) {
	switch string(name) {
	case "channel":
		m.channel = value
	case "id":
		m.id = value
	case "due_us":
		m.due = value
	case "sent_us":
		m.sent = value
	case "data":
		m.data = value
	case "data_b64":
		m.b64 = value
	case "control":
		m.control = value
	case "last":
		m.last = value
	case "epoch":
		m.epoch = value
	case "at_us":
		m.at = value
	case "missed":
		m.missed = value
	case "next":
		m.next = value
	case "reason":
		m.reason = value
	case "retry_ms":
		m.retry = value
	}
}

// parseMessage reads one message or notice, surrounded by nothing but white
// space (padding). Item.Data aliases text.
func parseMessage(text []byte) (Item, error) {
	text = bytes.Trim(text, jsonSpace)
	switch {
	case len(text) == 0:
		return Item{}, errors.New("message is empty")
	case !utf8.Valid(text):
		return Item{}, fmt.Errorf("message is not UTF-8: %s", excerpt(text))
	case text[0] != '{' || !json.Valid(text):
		return Item{}, fmt.Errorf("message is not a JSON object: %s", excerpt(text))
	}
	var m message
	eachField(text, m.set)
	var it Item
	var err error
	if m.control != nil {
		it, err = m.notice()
	} else {
		it, err = m.delivery()
	}
	if err != nil {
		return Item{}, fmt.Errorf("%w: %s", err, excerpt(text))
	}
	return it, nil
}

func (m *message) delivery() (Item, error) {
	it := Item{Kind: measure.Received, Moves: true}
	var f fields
	f.name("channel", m.channel)
	it.ID = f.name("id", m.id)
	it.Position = it.ID
	it.SentUS = f.number("sent_us", m.sent)
	if m.due != nil {
		it.DueUS = f.number("due_us", m.due)
	}
	switch {
	case (m.data == nil) == (m.b64 == nil):
		f.fail("message needs one of data and data_b64")
	case m.data != nil:
		it.Data = m.data
	default:
		raw, err := base64.StdEncoding.DecodeString(f.text("data_b64", m.b64))
		if err != nil {
			f.fail("data_b64 is not base64")
		}
		it.Data, it.Binary = raw, true
	}
	it.Bytes = len(it.Data)
	return it, f.err
}

func (m *message) notice() (Item, error) {
	var it Item
	var f fields
	switch kind := f.name("control", m.control); kind {
	case "hello":
		it.Kind, it.Moves = measure.Prelude, true
		f.name("epoch", m.epoch)
		it.ID = f.name("last", m.last)
		it.Position = it.ID
		it.SentUS = f.number("at_us", m.at)
	case "heartbeat":
		it.Kind = measure.Heartbeat
		it.SentUS = f.number("at_us", m.at)
	case "gap":
		it.Kind, it.Missed, it.Note = measure.Gap, -1, "missed=unknown"
		it.ID = f.name("next", m.next)
		if m.missed == nil {
			f.fail("missed is missing")
		} else if string(m.missed) != "null" {
			it.Missed = f.number("missed", m.missed)
			it.Note = "missed=" + strconv.FormatInt(it.Missed, 10)
		}
	case "end":
		it.Kind = measure.End
		it.Reason = f.name("reason", m.reason)
		if m.retry != nil {
			it.RetryMS, it.HasRetry = f.number("retry_ms", m.retry), true
		}
	default:
		f.fail("unknown control")
	}
	if m.id != nil {
		f.fail("a control message has no id")
	}
	return it, f.err
}

// fields converts values of valid JSON and keeps the first thing that is wrong.
type fields struct{ err error }

func (f *fields) fail(what string) {
	if f.err == nil {
		f.err = errors.New(what)
	}
}

// text reads a string.
func (f *fields) text(name string, value []byte) string {
	if len(value) == 0 || value[0] != '"' {
		f.fail(name + " is not a string")
		return ""
	}
	return unquote(value)
}

// name reads a string that may not be empty.
func (f *fields) name(name string, value []byte) string {
	s := f.text(name, value)
	if s == "" {
		f.fail(name + " is missing or empty")
	}
	return s
}

// number reads an integer that is not negative.
func (f *fields) number(name string, value []byte) int64 {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		f.fail(name + " is not a whole number")
		return 0
	}
	return n
}

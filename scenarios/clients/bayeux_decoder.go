package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// bayeuxDecoder reads the arrays of Bayeux 1.0: deliveries from below /hub/,
// whose data is a message as the other techniques have it, and replies.
type bayeuxDecoder struct {
	parse func(body []byte) (elements []byte, err error)
	whole bool // each Feed is an answer, as a socket's frame is
	reply func(bayeuxReply)

	body []byte
	bad  strikes
}

// bayeuxReply is what the server answers a message of the client's.
type bayeuxReply struct {
	channel    string
	successful bool
	err        string
	clientID   string
	reconnect  string        // of its advice; "" without one
	interval   time.Duration // the same
	ack        int64         // -1 when it says none
	position   string        // to replay from
}

func (d *bayeuxDecoder) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if len(d.body)+len(p) > MaxAnswer {
		d.body = nil
		return d.bad.fail(fmt.Errorf("answer of more than %d bytes: %w", MaxAnswer, ErrTooLong))
	}
	if d.whole {
		return d.answer(p, emit)
	}
	d.body = append(d.body, p...)
	return nil
}

func (d *bayeuxDecoder) End(emit func(Item)) error {
	if d.bad.err != nil || d.whole {
		return d.bad.err
	}
	return d.answer(d.body, emit)
}

// answer takes one array apart.
func (d *bayeuxDecoder) answer(body []byte, emit func(Item)) error {
	elements, err := d.parse(body)
	if err == nil && !utf8.Valid(elements) {
		err = errors.New("not UTF-8")
	}
	if err == nil && len(inside(elements)) == 0 {
		err = errors.New("no message in it, which clients take for a failure")
	}
	if err != nil {
		if len(body) > 0 {
			err = fmt.Errorf("%w: %s", err, excerpt(body))
		}
		return d.bad.fail(fmt.Errorf("answer of %d bytes: %w", len(body), err))
	}
	eachElement(elements, func(el []byte) {
		if err != nil {
			return
		}
		if why := d.element(el, emit); why != nil {
			err = d.bad.malformed(why.Error()+": "+excerpt(el), len(el), emit)
		} else {
			d.bad.row = 0
		}
	})
	return err
}

// element is one message.
func (d *bayeuxDecoder) element(el []byte, emit func(Item)) error {
	if el[0] != '{' {
		return errors.New("no object")
	}
	m := map[string][]byte{}
	var twice error
	eachField(el, func(name, value []byte) {
		if m[string(name)] != nil {
			twice = fmt.Errorf("%s stands there twice", name)
		}
		m[string(name)] = value
	})
	if twice != nil {
		return twice
	}
	var f fields
	channel := f.name("channel", m["channel"])
	switch {
	case f.err != nil:
		return f.err
	case m["successful"] == nil:
		return delivered(channel, m, emit)
	case m["data"] != nil:
		return errors.New("a reply has no data")
	}
	r, err := readReply(channel, m)
	if err == nil && d.reply != nil {
		d.reply(r)
	}
	return err
}

// delivered reads a delivery.
func delivered(channel string, m map[string][]byte, emit func(Item)) error {
	switch {
	case m["data"] == nil:
		return errors.New("neither a reply nor a delivery")
	case m["clientId"] != nil:
		return errors.New("a delivery shows a client's id")
	case !strings.HasPrefix(channel, "/hub/"):
		return errors.New("nobody subscribed to this channel")
	}
	it, err := parseMessage(m["data"])
	if err != nil {
		return err
	}
	if it.Kind == measure.Received && (m["id"] == nil || unquote(m["id"]) != it.ID) {
		return fmt.Errorf("delivery of %s has the id %s", it.ID, m["id"])
	}
	emit(it)
	return nil
}

// readReply reads what the session goes by.
func readReply(channel string, m map[string][]byte) (bayeuxReply, error) {
	r := bayeuxReply{channel: channel, ack: -1}
	switch string(m["successful"]) {
	case "true":
		r.successful = true
	case "false":
	default:
		return r, fmt.Errorf("successful is %s", m["successful"])
	}
	var f fields
	if !r.successful {
		r.err = f.name("error", m["error"])
		if len(r.err) < 5 || strings.Count(r.err[3:], ":") < 2 {
			f.fail("error is not code:args:text")
		}
	}
	if channel == "/meta/handshake" && r.successful {
		r.clientID = f.name("clientId", m["clientId"])
		f.name("version", m["version"])
	}
	if advice := m["advice"]; advice != nil {
		readAdvice(&r, &f, advice)
	} else if channel == "/meta/handshake" || channel == "/meta/connect" {
		f.fail("no advice: the client would go by its own defaults")
	}
	readExt(&r, &f, m["ext"])
	return r, f.err
}

// readAdvice wants it whole: clients put their own defaults in the place of
// what is missing.
func readAdvice(r *bayeuxReply, f *fields, advice []byte) {
	if advice[0] != '{' {
		f.fail("advice is not an object")
		return
	}
	timeout := false
	interval := false
	eachField(advice, func(name, value []byte) {
		switch string(name) {
		case "reconnect":
			r.reconnect = f.text("reconnect", value)
		case "interval":
			interval = true
			r.interval = *milliseconds(f.number("interval", value))
		case "timeout":
			timeout = true
			f.number("timeout", value)
		}
	})
	switch {
	case !timeout || !interval:
		f.fail("advice is not whole")
	case r.reconnect == "none" || r.reconnect == "retry" || r.reconnect == "handshake" && !r.successful:
	default:
		f.fail("advice to reconnect by " + r.reconnect)
	}
}

func readExt(r *bayeuxReply, f *fields, ext []byte) {
	if len(ext) == 0 || ext[0] != '{' {
		return
	}
	eachField(ext, func(name, value []byte) {
		switch {
		case string(name) == "ack" && r.channel == "/meta/connect":
			r.ack = f.number("ack", value)
		case string(name) == "replay" && value[0] == '{':
			eachField(value, func(_, position []byte) { r.position = f.name("replay", position) })
		}
	})
}

// newBayeuxDecoder is the decoder of one transport.
func newBayeuxDecoder(technique, callback string, reply func(bayeuxReply)) (*bayeuxDecoder, error) {
	d := &bayeuxDecoder{reply: reply, parse: parseArray}
	switch technique {
	case "bayeux-long-polling":
	case "bayeux-websocket":
		d.whole = true
	case "bayeux-callback-polling":
		if callback == "" {
			return nil, errors.New("decode bayeux-callback-polling: no callback name")
		}
		d.parse = callbackParser(callback)
	default:
		return nil, fmt.Errorf("no Bayeux transport has the name %q", technique)
	}
	return d, nil
}

// bayeuxMessage is one message of the client's, in an array.
func bayeuxMessage(fields map[string]any) []byte {
	text, err := json.Marshal([]map[string]any{fields})
	if err != nil { // there is nothing in it that JSON has no word for
		panic("bayeux message: " + err.Error())
	}
	return bytes.TrimSpace(text)
}

package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// answerDecoder collects an answer whole and parses it at its end, for that is
// when a browser hands it over.
type answerDecoder struct {
	parse func(body []byte) (elements []byte, err error) // finds the array of messages
	body  []byte
	bad   strikes
}

func (d *answerDecoder) Feed(p []byte, _ func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if len(d.body)+len(p) > MaxAnswer {
		d.body = nil
		return d.bad.fail(fmt.Errorf("answer of more than %d bytes: %w", MaxAnswer, ErrTooLong))
	}
	d.body = append(d.body, p...)
	return nil
}

func (d *answerDecoder) End(emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	arr, err := d.parse(d.body)
	if err != nil {
		if len(d.body) > 0 {
			err = fmt.Errorf("%w: %s", err, excerpt(d.body))
		}
		return d.bad.fail(fmt.Errorf("answer of %d bytes: %w", len(d.body), err))
	}
	eachElement(arr, func(el []byte) {
		if err == nil {
			err = d.bad.message(el, emit)
		}
	})
	return err
}

// parseArray is the body of short-poll and long-poll: `[…]`.
func parseArray(body []byte) ([]byte, error) {
	body = bytes.Trim(body, jsonSpace)
	if len(body) == 0 {
		return nil, errors.New("empty, want at least []")
	}
	if body[0] != '[' || !json.Valid(body) {
		return nil, errors.New("not a JSON array")
	}
	return body, nil
}

// piggybackParser is the body of piggyback: `{"reply":N,"messages":[…]}`,
// where N is the length of the request's body.
func piggybackParser(requestBytes int) func([]byte) ([]byte, error) {
	return func(body []byte) ([]byte, error) {
		body = bytes.Trim(body, jsonSpace)
		if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
			return nil, errors.New("not a JSON object")
		}
		var reply, messages []byte
		eachField(body, func(name, value []byte) {
			switch string(name) {
			case "reply":
				reply = value
			case "messages":
				messages = value
			}
		})
		if n, err := strconv.Atoi(string(reply)); err != nil || n != requestBytes {
			return nil, fmt.Errorf("reply is %q, want %d, the length of the request", reply, requestBytes)
		}
		if len(messages) == 0 || messages[0] != '[' {
			return nil, errors.New("messages is not an array")
		}
		return messages, nil
	}
}

// callbackParser is the body of callback-poll: `/**/name([…]);`, without
// anything that an old browser's script parser or an embedding page could
// misread.
func callbackParser(name string) func([]byte) ([]byte, error) {
	return func(body []byte) ([]byte, error) {
		rest, ok := bytes.CutPrefix(bytes.Trim(body, jsonSpace), []byte("/**/"))
		if !ok {
			return nil, errors.New("does not start with /**/")
		}
		rest, ok = bytes.CutPrefix(rest, []byte(name+"("))
		if !ok {
			return nil, fmt.Errorf("does not call %s", name)
		}
		arr, ok := bytes.CutSuffix(rest, []byte(");"))
		if !ok {
			return nil, errors.New("does not end with );")
		}
		for _, raw := range []string{"<", "\u2028", "\u2029"} {
			if bytes.Contains(arr, []byte(raw)) {
				return nil, fmt.Errorf("contains %+q unescaped", raw)
			}
		}
		return parseArray(arr)
	}
}

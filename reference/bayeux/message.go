package bayeux

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	maxIDBytes = 256
	maxDepth   = 64   // of nesting, in what clients send
	maxBatch   = 1024 // messages in one request or frame
)

// errSyntax is wrapped by the errors of parseMessages.
var errSyntax = errors.New("bad messages")

// message is one message of a client, its values as they stand on the wire;
// nil means absent. encoding/json would take "Channel" for "channel".
type message map[string]json.RawMessage

// parseMessages reads an array of messages, or one message alone.
func parseMessages(body []byte) ([]message, error) {
	body = bytes.TrimSpace(body)
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%w: not UTF-8", errSyntax)
	}
	if tooDeep(body) {
		return nil, fmt.Errorf("%w: nested more than %d deep", errSyntax, maxDepth)
	}
	if len(body) > 0 && body[0] == '{' {
		var one message
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("%w: %w", errSyntax, err)
		}
		return []message{one}, nil
	}
	var all []message
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("%w: %w", errSyntax, err)
	}
	if len(all) == 0 || len(all) > maxBatch {
		return nil, fmt.Errorf("%w: want 1 to %d, got %d", errSyntax, maxBatch, len(all))
	}
	for _, m := range all {
		if m == nil {
			return nil, fmt.Errorf("%w: null is no message", errSyntax)
		}
	}
	return all, nil
}

// tooDeep looks at brackets outside strings, before a parser allocates for them.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth+2 { // the array and the message itself are two
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// text is a field that is a string; "" when it is absent or something else.
func (m message) text(field string) string {
	var s string
	if raw := m[field]; len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return ""
}

// id is the message's id, to be sent back as it came. Clients send strings;
// numbers are kept numbers, because a client that sent one compares with one.
func (m message) id() (id json.RawMessage, ok bool) {
	id = m["id"]
	switch {
	case id == nil || string(id) == "null":
		return nil, true
	case len(id) > maxIDBytes:
		return nil, false
	}
	return id, id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9'
}

// texts is a field that is a string or an array of strings.
func (m message) texts(field string) []string {
	if s := m.text(field); s != "" {
		return []string{s}
	}
	var list []string
	if json.Unmarshal(m[field], &list) != nil {
		return nil
	}
	return list
}

// object is a field that is an object, nil otherwise.
func (m message) object(field string) message {
	var o message
	if json.Unmarshal(m[field], &o) != nil {
		return nil
	}
	return o
}

// milliseconds is a field that is a number of them.
func (m message) milliseconds(field string) (time.Duration, bool) {
	n, ok := m.number(field)
	if !ok || n < 0 || n > float64(longest/time.Millisecond) {
		return 0, false
	}
	return time.Duration(n * float64(time.Millisecond)), true
}

func (m message) number(field string) (float64, bool) {
	var n float64
	if raw := m[field]; len(raw) == 0 || raw[0] == '"' || raw[0] == 'n' || json.Unmarshal(raw, &n) != nil {
		return 0, false
	}
	return n, true
}

// longest is "for ever" in an advice: longer makes clients overflow their
// timers.
const longest = 24 * time.Hour

// reply is what the server answers a message with.
type reply struct {
	Channel                  string          `json:"channel"`
	ID                       json.RawMessage `json:"id,omitempty"`
	Successful               bool            `json:"successful"`
	ClientID                 string          `json:"clientId,omitempty"`
	Version                  string          `json:"version,omitempty"`
	MinimumVersion           string          `json:"minimumVersion,omitempty"`
	SupportedConnectionTypes []string        `json:"supportedConnectionTypes,omitempty"`
	Subscription             json.RawMessage `json:"subscription,omitempty"`
	Error                    string          `json:"error,omitempty"`
	Advice                   *advice         `json:"advice,omitempty"`
	Ext                      map[string]any  `json:"ext,omitempty"`
}

// fail makes the reply an unsuccessful one.
func (r *reply) fail(err *Error) { r.Successful, r.Error = false, err.Error() }

// advice is always whole: cometd 9 replaces what it had by its own defaults and
// what came, so that an advice with an interval alone puts its timeout back.
type advice struct {
	Reconnect       string `json:"reconnect"`
	Interval        int64  `json:"interval"` // milliseconds
	Timeout         int64  `json:"timeout"`  // milliseconds
	MultipleClients bool   `json:"multiple-clients,omitempty"`
}

// The values of advice.reconnect.
const (
	reconnectRetry     = "retry"
	reconnectHandshake = "handshake"
	reconnectNone      = "none"
)

// encode appends the reply as JSON. < > & stay as they are: a transport that
// minds them escapes them.
func (r *reply) encode(dst []byte) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil { // raw fields were parsed before
		panic(fmt.Sprintf("bayeux: encode reply: %v", err))
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// Delivery is one message on its way to a client.
type Delivery struct {
	Channel string
	ID      string // of the publisher's message, a JSON value; "" when it had none
	Data    []byte // one JSON value
	From    string // id of the publishing session; "" for the server itself. Never on the wire

	line []byte // the encoded message
	feed *fed   // that it came from; nil for what was published here
}

// encode makes the wire form once, for all who get it.
func (d *Delivery) encode() {
	b := make([]byte, 0, len(d.Channel)+len(d.ID)+len(d.Data)+32)
	b = append(b, `{"channel":"`...)
	b = append(b, d.Channel...) // a valid channel needs no escapes
	b = append(b, '"')
	if d.ID != "" {
		b = append(append(b, `,"id":`...), d.ID...)
	}
	b = append(append(b, `,"data":`...), d.Data...)
	d.line = append(b, '}')
}

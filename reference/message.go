package reference

import (
	"strconv"
	"unicode/utf8"
)

// Message is one published message. It is not changed after the log gave it
// its id, so subscribers share it.
type Message struct {
	Channel string
	ID      string // EPOCH-SEQ, opaque to clients
	Seq     uint64 // position on its channel, from 1
	DueUS   int64  // planned publish time, Unix microseconds; 0 when none was given
	SentUS  int64  // when the hub accepted it, Unix microseconds
	Data    []byte // one JSON value, as it goes out
	Binary  bool   // Data is a JSON string in base64 and goes out as data_b64

	line []byte // the encoded message; Data is its tail
}

// Size is the number of bytes of the encoded message.
func (m *Message) Size() int { return len(m.JSON()) }

// JSON is the message as one JSON object on one line, without the line end.
// The caller must not change it.
func (m *Message) JSON() []byte {
	if m.line != nil {
		return m.line
	}
	return m.appendJSON(nil)
}

// encode keeps the encoded form, so that it is made once and not once for each
// subscriber. It is called before the message is shared.
func (m *Message) encode() {
	line := m.appendJSON(make([]byte, 0, len(m.Data)+len(m.Channel)+len(m.ID)+96))
	m.line = line
	m.Data = line[len(line)-1-len(m.Data) : len(line)-1 : len(line)-1]
}

func (m *Message) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"channel":`...)
	dst = appendJSONString(dst, m.Channel)
	dst = append(dst, `,"id":`...)
	dst = appendJSONString(dst, m.ID)
	if m.DueUS != 0 {
		dst = append(dst, `,"due_us":`...)
		dst = strconv.AppendInt(dst, m.DueUS, 10)
	}
	dst = append(dst, `,"sent_us":`...)
	dst = strconv.AppendInt(dst, m.SentUS, 10)
	if m.Binary {
		dst = append(dst, `,"data_b64":`...)
	} else {
		dst = append(dst, `,"data":`...)
	}
	dst = append(dst, m.Data...)
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s as a JSON string and escapes only what JSON
// requires. encoding/json also escapes <, > and &, which would hide from the
// measurement what a path does to them.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0 // what was not copied yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		i += n
		from = i
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
	}
	return append(append(dst, s[from:]...), '"')
}

package sockjs

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Texts of the refusals that the protocol fixes.
var (
	errPayload = errors.New("Payload expected.")
	errJSON    = errors.New("Broken JSON encoding.")
)

const jsonSpace = " \t\r\n"

// messagesOf reads what a client sent: a JSON array of strings or, where
// single is set, one string alone.
func messagesOf(payload []byte, single bool) ([]string, error) {
	payload = bytes.Trim(payload, jsonSpace)
	if len(payload) == 0 {
		return nil, errPayload
	}
	if !utf8.Valid(payload) || !json.Valid(payload) {
		return nil, errJSON
	}
	if single && payload[0] == '"' {
		return []string{unquote(payload)}, nil
	}
	if payload[0] != '[' {
		return nil, errJSON
	}
	var out []string
	for rest := bytes.TrimLeft(payload[1:], jsonSpace); rest[0] != ']'; {
		end := stringEnd(rest)
		if end < 0 {
			return nil, errJSON // a number, an object: no message
		}
		out = append(out, unquote(rest[:end]))
		rest = bytes.TrimLeft(rest[end:], jsonSpace)
		if rest[0] == ',' {
			rest = bytes.TrimLeft(rest[1:], jsonSpace)
		}
	}
	return out, nil
}

// stringEnd is the index behind the string that valid JSON begins with, -1 when
// it begins with anything else.
func stringEnd(b []byte) int {
	if b[0] != '"' {
		return -1
	}
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// unquote reads a valid JSON string. Lone surrogates stay what they are (see
// Message), because a browser may send any string that JavaScript can hold, and
// encoding/json would replace them.
func unquote(quoted []byte) string {
	text := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++
		switch text[i] {
		case 'u':
			var r rune
			r, i = hexRune(text, i+1), i+4
			if low := lowSurrogate(text, i+1); utf16.IsSurrogate(r) && low != 0 {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					r, i = pair, i+6
				}
			}
			if utf16.IsSurrogate(r) {
				out = appendSurrogate(out, r)
			} else {
				out = utf8.AppendRune(out, r)
			}
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		default: // " \ /
			out = append(out, text[i])
		}
	}
	return string(out)
}

// hexRune reads four hexadecimal digits of valid JSON.
func hexRune(b []byte, at int) rune {
	n, _ := strconv.ParseUint(string(b[at:at+4]), 16, 32) // valid
	return rune(n)
}

// lowSurrogate is the second half of a pair that is escaped at an index, 0 when
// there is none.
func lowSurrogate(b []byte, at int) rune {
	if at+6 > len(b) || b[at] != '\\' || b[at+1] != 'u' {
		return 0
	}
	if r := hexRune(b, at+2); r >= 0xdc00 && r <= 0xdfff {
		return r
	}
	return 0
}

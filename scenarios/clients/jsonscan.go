package clients

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
)

const jsonSpace = " \t\r\n"

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// eachField calls visit for the members of a JSON object, in order, with the
// value's text. obj must be valid JSON. Unlike encoding/json it tells `id` from
// `ID`, and it allocates nothing for names without escapes.
func eachField(obj []byte, visit func(name, value []byte)) {
	for rest := inside(obj); len(rest) > 0; {
		n := valueLen(rest)
		name := rest[1 : n-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(rest[:n]))
		}
		rest = bytes.TrimLeft(rest[n:], jsonSpace)
		rest = bytes.TrimLeft(rest[1:], jsonSpace) // the colon
		n = valueLen(rest)
		visit(name, rest[:n])
		rest = next(rest[n:])
	}
}

// eachElement calls visit for the elements of a JSON array, in order. arr must
// be valid JSON.
func eachElement(arr []byte, visit func(value []byte)) {
	for rest := inside(arr); len(rest) > 0; {
		n := valueLen(rest)
		visit(rest[:n])
		rest = next(rest[n:])
	}
}

// inside strips the brackets.
func inside(v []byte) []byte {
	v = bytes.Trim(v, jsonSpace)
	return bytes.Trim(v[1:len(v)-1], jsonSpace)
}

// next skips the comma, if there is one.
func next(rest []byte) []byte {
	rest = bytes.TrimLeft(rest, jsonSpace)
	if len(rest) == 0 {
		return nil
	}
	return bytes.TrimLeft(rest[1:], jsonSpace)
}

// valueLen is the length of the JSON value that v starts with.
func valueLen(v []byte) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringLen(v[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i // the end of what encloses a number or a word
			}
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(v)
}

// stringLen is the length of the JSON string that v starts with, quotes included.
func stringLen(v []byte) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}

// unquote returns what a valid JSON string means.
func unquote(v []byte) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return ""
	}
	return s
}

// excerpt makes the beginning of b fit to be shown in one line.
func excerpt(b []byte) string {
	const most = 120
	cut := len(b) > 4*most
	if cut {
		b = b[:4*most]
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, string(bytes.ToValidUTF8(b, []byte("\uFFFD"))))
	words := strings.Join(strings.Fields(clean), " ")
	if r := []rune(words); len(r) > most {
		words, cut = string(r[:most]), true
	}
	if cut {
		words += "…"
	}
	return words
}

package clients

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// uriReserved are the characters whose escapes decodeURI leaves alone
// (ECMA-262, 19.2.6.2).
const uriReserved = ";/?:@&=+$,#"

// decodeURI is JavaScript's function of that name on text that is UTF-8. It
// fails where that throws: at an escape that is none, and at escapes that are no
// UTF-8.
func decodeURI(text []byte) ([]byte, error) {
	if bytes.IndexByte(text, '%') < 0 {
		return text, nil
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '%' {
			out = append(out, text[i])
			i++
			continue
		}
		var char []byte
		for want := 1; len(char) < want; {
			at := i + 3*len(char)
			b, ok := escaped(text[min(at, len(text)):])
			if !ok {
				return nil, errors.New("not an escape of a URI: " + excerpt(text[i:]))
			}
			if char = append(char, b); len(char) == 1 {
				want = utf8Length(b)
			}
		}
		switch r, n := utf8.DecodeRune(char); {
		case r == utf8.RuneError && n <= 1:
			return nil, errors.New("escapes of a URI that are not UTF-8: " + excerpt(text[i:]))
		case n == 1 && strings.IndexByte(uriReserved, char[0]) >= 0:
			out = append(out, text[i:i+3]...)
		default:
			out = append(out, char...)
		}
		i += 3 * len(char)
	}
	return out, nil
}

// escaped is the byte of the escape that text begins with.
func escaped(text []byte) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	b, err := strconv.ParseUint(string(text[1:3]), 16, 8)
	return byte(b), err == nil
}

// utf8Length is how many bytes a character has that begins with b; 1 for what
// begins none.
func utf8Length(b byte) int {
	switch {
	case b >= 0xf0:
		return 4
	case b >= 0xe0:
		return 3
	case b >= 0xc0:
		return 2
	}
	return 1
}

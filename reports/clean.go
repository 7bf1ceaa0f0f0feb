package reports

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes one line of visible text: line ends and tabs become spaces,
// control characters and those that reorder text are dropped, bytes that are
// not UTF-8 become U+FFFD. Escaping for a format comes after it.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// hidden reports characters that do not show themselves: controls, and the
// format characters that can make a text look like another one.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// short cuts a text to n characters, the ellipsis included.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}

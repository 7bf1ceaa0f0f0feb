package real

import (
	"slices"
	"strings"
)

// lighttpdOutside are the settings that reach outside an instance's directory
// or change its user. Debian's lighttpd.conf has most of them.
var lighttpdOutside = []string{
	"accesslog.filename", "server.breakagelog", "server.chroot", "server.core-files", "server.errorlog",
	"server.groupname", "server.pid-file", "server.syslog-facility", "server.upload-dirs", "server.username",
}

// lighttpdPrivate blanks the settings of lighttpdOutside, wherever they stand.
// Lines keep their numbers, so that lighttpd's messages fit the user's file.
func lighttpdPrivate(conf string) string {
	var b strings.Builder
	for rest := conf; rest != ""; {
		n, word := lighttpdToken(rest)
		token := rest[:n]
		rest = rest[n:]
		if !word || !slices.Contains(lighttpdOutside, token) {
			b.WriteString(token)
			continue
		}
		n = lighttpdValue(rest)
		b.WriteString(strings.Repeat("\n", strings.Count(rest[:n], "\n")))
		rest = rest[n:]
	}
	return b.String()
}

// lighttpdToken is the length of the string, comment, word or single character
// at the beginning of s, and whether it is a word.
func lighttpdToken(s string) (n int, word bool) {
	switch s[0] {
	case '"':
		for n = 1; n < len(s) && s[n] != '"'; n++ {
			if s[n] == '\\' {
				n++
			}
		}
		return min(n+1, len(s)), false
	case '#':
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return end, false
		}
		return len(s), false
	}
	for n < len(s) && lighttpdNamed(s[n]) {
		n++
	}
	return max(n, 1), n > 0
}

func lighttpdNamed(c byte) bool {
	return c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lighttpdValue is the length of what follows a setting's name: up to the end
// of the line or block, outside of brackets and strings.
func lighttpdValue(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '\n', '}':
			if depth <= 0 {
				return i
			}
		}
		n, _ := lighttpdToken(s[i:])
		i += n
	}
	return len(s)
}

package real

import "strings"

// nginxOutside are the directives that reach outside an instance's directory,
// change its user or take it into the background. Debian's nginx.conf has most
// of them.
func nginxOutside(directive string) bool {
	switch directive {
	case "user", "pid", "daemon", "master_process", "lock_file", "error_log", "access_log":
		return true
	}
	return strings.HasSuffix(directive, "_temp_path")
}

// nginxPrivate takes the directives of nginxOutside out of a configuration and
// puts inside at the beginning of the http block. Lines keep their numbers, so
// that nginx's messages fit the user's file.
func nginxPrivate(conf, inside string) string {
	var b strings.Builder
	for rest := conf; rest != ""; {
		gap := nginxGap(rest)
		b.WriteString(rest[:gap])
		rest = rest[gap:]
		n := nginxStatement(rest)
		statement := rest[:n]
		rest = rest[n:]
		name := ""
		if words := strings.Fields(strings.TrimRight(statement, ";{}")); len(words) > 0 {
			name = words[0]
		}
		switch {
		case strings.HasSuffix(statement, ";") && nginxOutside(name):
			b.WriteString(strings.Repeat("\n", strings.Count(statement, "\n")))
		case name == "http" && strings.HasSuffix(statement, "{"):
			b.WriteString(statement)
			b.WriteString(inside)
		default:
			b.WriteString(statement)
		}
	}
	return b.String()
}

// nginxGap is the length of the white space and comments at the beginning of s.
func nginxGap(s string) int {
	i := 0
	for i < len(s) {
		switch {
		case strings.IndexByte(" \t\r\n", s[i]) >= 0:
			i++
		case s[i] == '#':
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return len(s)
			}
			i += end
		default:
			return i
		}
	}
	return i
}

// nginxStatement is the length of the statement at the beginning of s, with the
// semicolon or brace that ends it. Quotes, escapes, variables in braces and
// comments inside it are respected (ngx_conf_file.c, ngx_conf_read_token).
func nginxStatement(s string) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && nginxWordStart(s, i):
			quote = c
		case c == '#' && nginxWordStart(s, i):
			i += nginxGap(s[i:]) - 1
		case c == '$' && strings.HasPrefix(s[i:], "${"):
			if end := strings.IndexByte(s[i:], '}'); end > 0 {
				i += end
			}
		case c == ';' || c == '{' || c == '}':
			return i + 1
		}
	}
	return len(s)
}

// nginxWordStart reports whether a word of s begins at i.
func nginxWordStart(s string, i int) bool {
	return i == 0 || strings.IndexByte(" \t\r\n", s[i-1]) >= 0
}

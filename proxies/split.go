package proxies

import (
	"slices"
	"strings"
)

// Split takes a comma list of specs apart. Commas inside parentheses, quotes,
// URLs and file names do not separate; empty elements are dropped.
//
// Where a URL or a file name ends is decided so: in the host of a URL, and
// after a file name with a usual ending (.yaml, .conf), a comma or plus always
// separates; elsewhere in them only when what follows begins a spec, that is a
// prefix such as fault: or the name of a preset.
func Split(list string) []string {
	return slices.DeleteFunc(cutAt(list, ','), func(piece string) bool { return piece == "" })
}

// fileEndings are the endings after which a file name is over.
var fileEndings = []string{".yaml", ".yml", ".conf", ".cfg", ".vcl", ".tmpl", ".json", ".toml"}

// specPrefixes begin a spec that is not a plain name.
var specPrefixes = []string{"fault:", "forward:", "reverse:", "real:"}

// cutAt cuts s at sep, walking from link to link of chains.
func cutAt(s string, sep byte) []string {
	var out []string
	begin, at := 0, 0
	emit := func(end int) { out = append(out, strings.TrimSpace(s[begin:end])) }
	for at < len(s) {
		at = linkEnd(s, at)
		if at < len(s) && s[at] == sep {
			emit(at)
			begin = at + 1
		}
		at++
	}
	emit(len(s))
	return out
}

// linkEnd returns where the link that begins at from ends: the index of its
// separator, or the end of s.
func linkEnd(s string, from int) int {
	for from < len(s) && s[from] == ' ' {
		from++
	}
	rest := s[from:]
	switch {
	case strings.HasPrefix(rest, "forward:"), strings.HasPrefix(rest, "reverse:"):
		return urlEnd(s, from+len("forward:"))
	case strings.HasPrefix(rest, "real:"):
		end := wordEnd(s, from)
		if file := strings.IndexByte(s[from:end], '@'); file >= 0 {
			return fileEnd(s, from+file+1)
		}
		return end
	case strings.HasPrefix(rest, "fault:"):
		return wordEnd(s, from)
	}
	end := wordEnd(s, from)
	if strings.ContainsAny(s[from:end], `/\`) {
		return fileEnd(s, from)
	}
	return end
}

// wordEnd finds the first separator outside parentheses and quotes.
func wordEnd(s string, from int) int {
	depth, quoted := 0, false
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && depth > 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(depth-1, 0)
		case depth == 0 && isSeparator(c):
			return i
		}
	}
	return len(s)
}

func urlEnd(s string, from int) int {
	host := from
	if i := strings.Index(s[from:], "://"); i >= 0 {
		host += i + len("://")
	}
	path := len(s)
	if i := strings.IndexAny(s[min(host, len(s)):], "/?#"); i >= 0 {
		path = host + i
	}
	for i := from; i < len(s); i++ {
		if !isSeparator(s[i]) {
			continue
		}
		inHost := i < path && !strings.Contains(s[i:path], "@")
		if inHost || startsSpec(s[i+1:]) {
			return i
		}
	}
	return len(s)
}

func fileEnd(s string, from int) int {
	for i := from; i < len(s); i++ {
		if isSeparator(s[i]) && (hasFileEnding(s[from:i]) || startsSpec(s[i+1:])) {
			return i
		}
	}
	return len(s)
}

func isSeparator(c byte) bool { return c == ',' || c == '+' }

func hasFileEnding(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, ending := range fileEndings {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// startsSpec reports whether s begins like a spec of its own.
func startsSpec(s string) bool {
	s = strings.TrimLeft(s, " ")
	for _, prefix := range specPrefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	word := strings.TrimSpace(s[:wordEnd(s, 0)])
	for _, name := range proxyNames() {
		if word == name {
			return true
		}
	}
	return false
}

package reports

import (
	"fmt"
	"strings"
	"unicode"
)

// code makes a code span. GitHub neither links nor mentions what is in it.
func code(s string) string {
	s = clean(s)
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	ticks := strings.Repeat("`", longest+1)
	if longest > 0 {
		return ticks + " " + s + " " + ticks
	}
	return ticks + s + ticks
}

func codes(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = code(s)
	}
	return strings.Join(out, ", ")
}

// cellCode is code inside a table.
func cellCode(s string) string { return inCell(code(s)) }

// inCell escapes what would end a table cell, inside code spans as well.
func inCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// htmlCode is a code element for places where Markdown is not read.
func htmlCode(s string) string { return "<code>" + entities(s) + "</code>" }

// plain escapes a sentence of ours that may hold a name of the run's. A
// comment behind @ keeps GitHub from mentioning anybody.
func plain(s string) string {
	s = entities(s)
	s = strings.ReplaceAll(s, "://", "&#58;//")
	s = strings.ReplaceAll(s, "www.", "www&#46;")
	return strings.ReplaceAll(s, "@", "&#64;<!-- -->")
}

// entities writes all characters that Markdown or HTML could take for markup
// as numeric references. An underscore inside a word is none.
func entities(s string) string {
	var b strings.Builder
	text := []rune(clean(s))
	word := func(i int) bool {
		return i >= 0 && i < len(text) && (unicode.IsLetter(text[i]) || unicode.IsDigit(text[i]))
	}
	for i, r := range text {
		if strings.ContainsRune("\\`*{}[]<>|#~$&", r) || r == '_' && !(word(i-1) && word(i+1)) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

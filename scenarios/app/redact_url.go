package app

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// telling are parts of names whose values do not belong in a report. They
// stand in harmless names, too; then a report says less than it could.
// How many tokens a model may answer with is none of them.
var telling = regexp.MustCompile(`(?i)(token([^s]|$)|secret|key|sig|pass|pwd|auth|session|credential|cookie|jwt|bearer|otp)`)

// drawn are texts that look as if a machine had drawn them: long, without
// spaces, letters and digits mixed.
var drawn = regexp.MustCompile(`^[A-Za-z0-9._~+/=%-]{20,}$`)

func looksDrawn(value string) bool {
	return drawn.MatchString(value) && strings.ContainsAny(value, "0123456789") &&
		strings.ContainsFunc(value, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' })
}

func secretPair(name, value string) bool {
	plain, err := url.QueryUnescape(name)
	if err != nil {
		plain = name
	}
	return value != "" && (telling.MatchString(plain) || looksDrawn(value))
}

func eachPair(query string, f func(name, value string)) {
	for p := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(p, "=")
		f(name, value)
	}
}

// RedactURL hides what a URL on a command line may hold: a password, and
// parameters whose names or values look like secrets. Anything else stays as
// it is, and so does a text that is no URL; one that cannot be parsed is
// treated as the URL it was meant to be.
func RedactURL(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, rest := rest[:end], rest[end:]
	if at := strings.LastIndex(host, "@"); at >= 0 {
		user, _, has := strings.Cut(host[:at], ":")
		switch {
		case has:
			user += ":" + hidden
		case looksDrawn(user):
			user = hidden
		}
		host = user + host[at:]
	}
	cut := strings.IndexAny(rest, "?#")
	if cut < 0 {
		return scheme + "://" + host + rest
	}
	var b strings.Builder
	b.WriteString(scheme + "://" + host + rest[:cut])
	for pair := range pairs(rest[cut:]) {
		b.WriteString(pair)
	}
	return b.String()
}

// pairs yields the parameters of a query and a fragment with the mark in front
// of each, those that look like secrets hidden.
func pairs(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for text != "" {
			end := strings.IndexAny(text[1:], "?#&;") + 1
			if end == 0 {
				end = len(text)
			}
			pair := text[:end]
			if name, value, ok := strings.Cut(pair[1:], "="); ok && secretPair(name, value) {
				pair = fmt.Sprintf("%c%s=%s", pair[0], name, hidden)
			}
			if !yield(pair) {
				return
			}
			text = text[end:]
		}
	}
}

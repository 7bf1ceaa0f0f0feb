package app

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hidden stands where a secret without a name of its own was.
const hidden = "xxxxx"

// Bounds of what is looked for, in bytes: a shorter value is no secret, and
// would be found in every other word; a shorter beginning of one tells nothing.
const (
	leastSecret = 4
	leastPiece  = 6
)

// secret is a value that goes into no report.
type secret struct {
	name  string   // stands in its place
	forms []string // as it may come back
}

// hide keeps a value out of all that Redact is asked about.
func (s *Spec) hide(name, value string) {
	if len(value) < leastSecret || name == hidden && s.Redact(value) != value {
		return // a secret with a name is in it, and found by itself
	}
	s.secrets = append(s.secrets, secret{name, spellings(value)})
}

// spellings are a value as it stands, and as it is escaped in URLs, HTML,
// JSON and credentials.
func spellings(value string) []string {
	quoted := strconv.Quote(value)
	escaped, err := json.Marshal(value)
	if err != nil {
		escaped = []byte(quoted)
	}
	forms := []string{
		value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value),
		quoted[1 : len(quoted)-1], string(escaped[1 : len(escaped)-1]),
		base64.StdEncoding.EncodeToString([]byte(value)),
	}
	for _, f := range forms[1:3] {
		forms = append(forms, escapes.ReplaceAllStringFunc(f, strings.ToLower))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

var escapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// Redact takes every secret out of a text: what came from the environment,
// credentials that stand in the file or in a URL, as they are or escaped as in
// URLs, JSON and HTML, whole or cut off at the end of an excerpt.
func (s *Spec) Redact(text string) string {
	type needle struct{ form, name string }
	var needles []needle
	for _, x := range s.secrets {
		for _, f := range x.forms {
			needles = append(needles, needle{f, x.name})
		}
	}
	// The longest first, so that one inside another does not split it.
	slices.SortStableFunc(needles, func(a, b needle) int { return len(b.form) - len(a.form) })
	for _, n := range needles {
		text = strings.ReplaceAll(text, n.form, n.name)
	}
	for _, n := range needles {
		text = withoutPieces(text, n.form, n.name)
	}
	return text
}

// withoutPieces replaces the beginnings of a secret whose rest was cut off.
func withoutPieces(text, secret, name string) string {
	if len(secret) <= leastPiece {
		return text
	}
	var b strings.Builder
	for {
		at := strings.Index(text, secret[:leastPiece])
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		n := leastPiece
		for n < len(secret) && at+n < len(text) && text[at+n] == secret[n] {
			n++
		}
		b.WriteString(text[:at])
		if cutOff(text[at+n:]) {
			b.WriteString(name)
		} else {
			b.WriteString(text[at : at+n])
		}
		text = text[at+n:]
	}
}

// cutOff reports whether a text goes on as one does whose rest was left out:
// with an ellipsis, or with what closes an excerpt.
func cutOff(rest string) bool {
	return rest == "" || strings.HasPrefix(rest, "…") || strings.ContainsAny(rest[:1], ")\";")
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in every text of the spec that goes to the endpoint.
// It fails for names that are not set: an empty credential would be measured
// as a refusal.
func (s *Spec) expand(lookup func(string) (string, bool)) error {
	var missing error
	text := func(in string, field ...string) string {
		return variable.ReplaceAllStringFunc(in, func(m string) string {
			name := variable.FindStringSubmatch(m)[1]
			value, ok := lookup(name)
			if !ok || value == "" {
				if missing == nil {
					missing = wrong(field, "${%s} is not set in the environment; export %s first", name, name)
				}
				return m
			}
			s.hide("${"+name+"}", value)
			return value
		})
	}
	s.URL = text(s.URL, "url")
	for _, name := range sortedKeys(s.Headers) {
		s.Headers[name] = text(s.Headers[name], "headers", name)
	}
	for _, name := range sortedKeys(s.Cookies) {
		s.Cookies[name] = text(s.Cookies[name], "cookies", name)
	}
	s.Body = expandIn(s.Body, text, []string{"body"})
	return missing
}

func expandIn(v any, text func(string, ...string) string, field []string) any {
	switch t := v.(type) {
	case string:
		return text(t, field...)
	case []any:
		for i := range t {
			t[i] = expandIn(t[i], text, append(slices.Clone(field), strconv.Itoa(i)))
		}
	case map[string]any:
		for _, k := range sortedKeys(t) {
			t[k] = expandIn(t[k], text, append(slices.Clone(field), k))
		}
	}
	return v
}

// hideCredentials keeps out of reports what is a credential by its place or
// its name, even if it was written down openly.
func (s *Spec) hideCredentials() {
	s.HideURL(s.URL)
	for name, value := range s.Headers {
		if !telling.MatchString(name) {
			continue
		}
		s.hide(hidden, value)
		if http.CanonicalHeaderKey(name) == "Cookie" {
			for cookie := range strings.SplitSeq(value, ";") {
				_, v, _ := strings.Cut(cookie, "=")
				s.hide(hidden, strings.TrimSpace(v))
			}
		} else if _, credentials, ok := strings.Cut(value, " "); ok { // behind a scheme, as Bearer
			s.hide(hidden, credentials)
		}
	}
	for _, value := range s.Cookies {
		s.hide(hidden, value)
	}
	hideIn(s.Body, "", func(name, value string) {
		if telling.MatchString(name) {
			s.hide(hidden, value)
		}
	})
}

func hideIn(v any, name string, found func(name, value string)) {
	switch t := v.(type) {
	case string:
		found(name, t)
	case []any:
		for _, x := range t {
			hideIn(x, name, found)
		}
	case map[string]any:
		for k, x := range t {
			hideIn(x, k, found)
		}
	}
}

// HideURL keeps what RedactURL hides in a URL out of all other texts, too.
func (s *Spec) HideURL(raw string) {
	u, err := url.Parse(raw)
	if err != nil {
		return
	}
	if password, has := u.User.Password(); has {
		s.hide(hidden, u.User.Username()+":"+password) // as Authorization has it
		if len(password) >= leastSecret {
			s.secrets = append(s.secrets, secret{hidden, spellings(password)})
		}
	} else if looksDrawn(u.User.Username()) {
		s.hide(hidden, u.User.Username())
	}
	for _, pairs := range []string{u.RawQuery, u.Fragment} {
		eachPair(pairs, func(name, value string) {
			if secretPair(name, value) {
				s.hide(hidden, value)
				if plain, err := url.QueryUnescape(value); err == nil {
					s.hide(hidden, plain)
				}
			}
		})
	}
}

func (s *Spec) redactURL() string { return RedactURL(s.Redact(s.URL)) }

// Name is the endpoint as reports may call it.
func (s *Spec) Name() string { return s.redactURL() }

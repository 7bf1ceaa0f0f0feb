package app

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secret is a value that came from the environment and goes into no report.
type secret struct{ name, value string }

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in every text of the spec that goes to the endpoint.
// It fails for names that are not set: an empty credential would be measured
// as a refusal.
func (s *Spec) expand(lookup func(string) (string, bool)) error {
	var missing []string
	text := func(in string) string {
		return variable.ReplaceAllStringFunc(in, func(m string) string {
			name := variable.FindStringSubmatch(m)[1]
			value, ok := lookup(name)
			if !ok || value == "" {
				missing = append(missing, name)
				return m
			}
			s.secrets = append(s.secrets, secret{name, value})
			return value
		})
	}
	s.URL = text(s.URL)
	for name, value := range s.Headers {
		s.Headers[name] = text(value)
	}
	for name, value := range s.Cookies {
		s.Cookies[name] = text(value)
	}
	s.Body = expandIn(s.Body, text)
	if len(missing) > 0 {
		return fmt.Errorf("${%s} is not set in the environment; export %s first", missing[0], missing[0])
	}
	// The longest first, so that one inside another does not split it.
	slices.SortFunc(s.secrets, func(a, b secret) int { return len(b.value) - len(a.value) })
	return nil
}

func expandIn(v any, text func(string) string) any {
	switch t := v.(type) {
	case string:
		return text(t)
	case []any:
		for i := range t {
			t[i] = expandIn(t[i], text)
		}
	case map[string]any:
		for k := range t {
			t[k] = expandIn(t[k], text)
		}
	}
	return v
}

// Redact takes every value that came from the environment out of a text,
// plain or escaped as in a URL, and puts its name there.
func (s *Spec) Redact(text string) string {
	for _, x := range s.secrets {
		for _, form := range []string{x.value, url.QueryEscape(x.value), url.PathEscape(x.value)} {
			text = strings.ReplaceAll(text, form, "${"+x.name+"}")
		}
	}
	return text
}

// telling are parts of parameter names whose values do not belong in a report.
var telling = regexp.MustCompile(`(?i)(token|secret|key|sig|pass|auth|session|credential)`)

// RedactURL hides what a URL on a command line may hold: a password, and
// parameters whose names speak of secrets. Anything else stays as it is.
func RedactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "xxxxx")
	}
	if u.RawQuery != "" {
		pairs := strings.Split(u.RawQuery, "&")
		for i, p := range pairs {
			if name, value, ok := strings.Cut(p, "="); ok && value != "" && telling.MatchString(name) {
				pairs[i] = name + "=xxxxx"
			}
		}
		u.RawQuery = strings.Join(pairs, "&")
	}
	return u.String()
}

func (s *Spec) redactURL() string { return RedactURL(s.Redact(s.URL)) }

// Name is the endpoint as reports may call it.
func (s *Spec) Name() string { return s.redactURL() }

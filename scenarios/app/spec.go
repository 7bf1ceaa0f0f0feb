package app

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"golang.org/x/net/http/httpguts"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DefaultDuration is how long one answer is listened to when nobody says.
const DefaultDuration = 15 * time.Second

// Spec describes an endpoint: how to ask it, how to read its answer, and what
// is expected of it (RESULTS.md, "An application of one's own").
type Spec struct {
	URL         string            `yaml:"url"`
	Method      string            `yaml:"method"` // "" is GET, and POST with a body
	Headers     map[string]string `yaml:"headers"`
	Cookies     map[string]string `yaml:"cookies"`
	Body        any               `yaml:"body"` // text as it is, anything else as JSON
	Certificate *Certificate      `yaml:"client_certificate"`
	CA          string            `yaml:"ca"` // file of authorities to trust besides the system's, PEM

	Framing  string   `yaml:"framing"` // one of measure.Framings; "" goes by the type of the answer
	Sequence string   `yaml:"sequence"`
	Sent     string   `yaml:"sent"`
	End      string   `yaml:"end"`
	Expect   Expect   `yaml:"expect"`
	Budget   Limits   `yaml:"budget"`
	Duration Duration `yaml:"duration"` // an answer is listened to at most so long; 0 is DefaultDuration

	file    string // where it was read from; "" for a bare URL
	secrets []secret
}

// Certificate names the files of a client certificate, PEM.
type Certificate struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Expect is what the owner expects of one answer. Zero values expect nothing.
type Expect struct {
	Messages    int      `yaml:"messages"`
	FirstWithin Duration `yaml:"first_within"`
	GapWithin   Duration `yaml:"gap_within"`
}

// Limits bound what measuring may cost.
type Limits struct {
	Requests int `yaml:"requests"` // 0 is no limit
}

// FromURL is the spec of a bare URL: GET, and the framing goes by the answer.
func FromURL(raw string) (*Spec, error) {
	s := &Spec{URL: raw}
	return s, s.Check()
}

// Check refuses what cannot be asked, and sets what has a default.
func (s *Spec) Check() error {
	s.hideCredentials()
	u, err := url.Parse(s.URL)
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the URL itself may hold a secret
	}
	switch {
	case s.URL == "":
		return errors.New("url is missing; say which endpoint to ask, as url: https://app.example/stream")
	case err != nil:
		return wrong([]string{"url"}, "url %q is none: %s", s.redactURL(), s.Redact(err.Error()))
	case u.Host == "" || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme):
		return wrong([]string{"url"}, "url %q: want http://host/path or https://host/path", s.redactURL())
	case s.Framing != "" && !slices.Contains(measure.Framings(), s.Framing):
		return wrong([]string{"framing"}, "framing %q: want one of %s", s.Framing, strings.Join(measure.Framings(), ", "))
	case strings.HasPrefix(u.Scheme, "ws") && s.Framing != "" && s.Framing != measure.FramingWebSocket:
		return wrong([]string{"framing"}, "url %q opens a websocket, and framing says %s", s.redactURL(), s.Framing)
	}
	if strings.HasPrefix(u.Scheme, "ws") {
		s.Framing = measure.FramingWebSocket
		s.URL = "http" + strings.TrimPrefix(s.URL, "ws")
	}
	if err := s.checkRequest(); err != nil {
		return err
	}
	for _, n := range []struct {
		field []string
		value int
	}{{[]string{"expect", "messages"}, s.Expect.Messages}, {[]string{"budget", "requests"}, s.Budget.Requests}} {
		if n.value < 0 {
			return wrong(n.field, "%s is a count, and cannot be negative", strings.Join(n.field, "."))
		}
	}
	for _, d := range []struct {
		field []string
		value Duration
	}{{[]string{"expect", "first_within"}, s.Expect.FirstWithin}, {[]string{"expect", "gap_within"}, s.Expect.GapWithin}, {[]string{"duration"}, s.Duration}} {
		if d.value < 0 {
			return wrong(d.field, "%s cannot be negative", strings.Join(d.field, "."))
		}
	}
	for _, p := range [][2]string{{"sequence", s.Sequence}, {"sent", s.Sent}} {
		if p[1] != "" && !strings.HasPrefix(p[1], "/") {
			return wrong(p[:1], "%s %q: want a JSON pointer, as /n or /meta/n", p[0], p[1])
		}
	}
	if s.Duration == 0 {
		s.Duration = Duration(DefaultDuration)
	}
	return nil
}

// checkRequest refuses what no request can be made of.
func (s *Spec) checkRequest() error {
	switch {
	case s.Framing == measure.FramingWebSocket && s.Body != nil:
		return wrong([]string{"body"}, "framing websocket is opened by a request without a body")
	case s.Framing == measure.FramingWebSocket && s.Method != "" && s.Method != http.MethodGet:
		return wrong([]string{"method"}, "framing websocket is opened by GET, not by %s", s.Method)
	case s.Method != "" && !httpguts.ValidHeaderFieldName(s.Method): // both are tokens
		return wrong([]string{"method"}, "method %q: want GET, POST or another", s.Method)
	}
	for _, name := range sortedKeys(s.Headers) {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(s.Headers[name]) {
			return wrong([]string{"headers", name}, "header %q: no such line can stand in a request", name)
		}
	}
	for _, name := range sortedKeys(s.Cookies) {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(s.Cookies[name]) || strings.Contains(s.Cookies[name], ";") {
			return wrong([]string{"cookies", name}, "cookie %q: no such pair can stand in a request", name)
		}
	}
	return nil
}

// Stream is how to read its answers.
func (s *Spec) Stream() measure.Stream {
	return measure.Stream{Framing: s.Framing, Sequence: s.Sequence, Sent: s.Sent, End: s.End}
}

// Origin is the endpoint's own address, without a path.
func (s *Spec) Origin() *url.URL {
	u, err := url.Parse(s.URL)
	if err != nil {
		return new(url.URL) // check has parsed it
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}
}

// At is the endpoint's URL as it is reached at another address: scheme and
// host are base's, path and query the endpoint's. A base with a path or query
// of its own replaces those, too.
func (s *Spec) At(base *url.URL) string {
	own, err := url.Parse(s.URL)
	if err != nil {
		return s.URL
	}
	out := *base
	if base.Path == "" || base.Path == "/" && base.RawQuery == "" {
		out.Path, out.RawPath, out.RawQuery = own.Path, own.RawPath, own.RawQuery
	}
	return out.String()
}

// Target is how to ask for it at the given URL. A user in the spec's own URL
// goes into Authorization: at another address it would be lost.
func (s *Spec) Target(at string) (measure.Target, error) {
	t := measure.Target{URL: at, Method: s.Method, Header: http.Header{}}
	switch body := s.Body.(type) {
	case nil:
	case string:
		t.Body = []byte(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return t, fmt.Errorf("body: %w", err)
		}
		t.Body = encoded
		t.Header.Set("Content-Type", "application/json")
	}
	if t.Method == "" && t.Body != nil {
		t.Method = http.MethodPost
	}
	if u, err := url.Parse(s.URL); err == nil && u.User != nil {
		password, _ := u.User.Password()
		t.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	for name, value := range s.Headers {
		t.Header.Set(name, value)
	}
	if len(s.Cookies) > 0 {
		t.Header.Set("Cookie", strings.Join(s.cookiePairs(), "; "))
	}
	return t, nil
}

// Header is what the spec says of a header, by its canonical name.
func (s *Spec) Header(name string) (string, bool) {
	for k, v := range s.Headers {
		if http.CanonicalHeaderKey(k) == name {
			return v, true
		}
	}
	return "", false
}

// cookiePairs are the cookies as they stand in a request, in order of name.
func (s *Spec) cookiePairs() []string {
	var out []string
	for _, name := range sortedKeys(s.Cookies) {
		out = append(out, name+"="+s.Cookies[name])
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Duration is a time.Duration that YAML writes as Go does: 250ms, 2s.
type Duration time.Duration

// UnmarshalYAML reads one. The error has the place of the mistake.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text := node.String()
	if s, ok := node.(*ast.StringNode); ok {
		text = s.Value
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return &yaml.SyntaxError{Message: fmt.Sprintf("%.40q is no duration; write it as 250ms, 2s or 1m", text), Token: node.GetToken()}
	}
	*d = Duration(v)
	return nil
}

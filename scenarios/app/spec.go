package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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

	file    string   // where it was read from; "" for a bare URL
	secrets []secret // what was expanded from the environment
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
	u, err := url.Parse(s.URL)
	switch {
	case s.URL == "":
		return fmt.Errorf("url is missing; say which endpoint to ask, as url: https://app.example/stream")
	case err != nil:
		return fmt.Errorf("url %q is none: %w", s.redactURL(), err)
	case u.Host == "" || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme):
		return fmt.Errorf("url %q: want http://host/path or https://host/path", s.redactURL())
	case s.Framing != "" && !slices.Contains(measure.Framings(), s.Framing):
		return fmt.Errorf("framing %q: want one of %s", s.Framing, strings.Join(measure.Framings(), ", "))
	case s.Expect.Messages < 0 || s.Budget.Requests < 0:
		return fmt.Errorf("expect.messages and budget.requests are counts, and cannot be negative")
	case s.Expect.FirstWithin < 0 || s.Expect.GapWithin < 0 || s.Duration < 0:
		return fmt.Errorf("durations cannot be negative")
	case s.Framing == measure.FramingWebSocket && (s.Body != nil || s.Method != "" && s.Method != http.MethodGet):
		return fmt.Errorf("framing websocket is opened by GET without a body")
	}
	for name, pointer := range map[string]string{"sequence": s.Sequence, "sent": s.Sent} {
		if pointer != "" && !strings.HasPrefix(pointer, "/") {
			return fmt.Errorf("%s %q: want a JSON pointer, as /n or /meta/n", name, pointer)
		}
	}
	if strings.HasPrefix(u.Scheme, "ws") {
		if s.Framing != "" && s.Framing != measure.FramingWebSocket {
			return fmt.Errorf("url %q opens a websocket, and framing says %s", s.redactURL(), s.Framing)
		}
		s.Framing = measure.FramingWebSocket
		s.URL = "http" + strings.TrimPrefix(s.URL, "ws")
	}
	if s.Duration == 0 {
		s.Duration = Duration(DefaultDuration)
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

// Target is how to ask for it at the given URL.
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
	for name, value := range s.Headers {
		t.Header.Set(name, value)
	}
	var cookies []string
	for name, value := range s.Cookies {
		cookies = append(cookies, name+"="+value)
	}
	if len(cookies) > 0 {
		slices.Sort(cookies)
		t.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	return t, nil
}

// Duration is a time.Duration that YAML writes as Go does: 250ms, 2s.
type Duration time.Duration

// UnmarshalText reads one.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration; write it as 250ms, 2s or 1m", text)
	}
	*d = Duration(v)
	return nil
}

package browsers

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Supports says what this browser cannot be asked for.
func (b *Browser) Supports(s measure.Subscription) error {
	s, err := varied(s)
	if err != nil {
		return err
	}
	t := s.Target
	row, _ := measure.TechniqueByName(s.Technique)
	u, err := url.Parse(t.URL)
	switch {
	case err != nil:
		return fmt.Errorf("parse target: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("a browser page cannot be loaded by the scheme %q", u.Scheme)
	case !pages.Has(s.Technique) && !row.Demo:
		return fmt.Errorf("there is no page for %s", s.Technique)
	case row.Demo && b.Name() != "chromium":
		return errors.New("the historical systems are used as by a person in Chromium only")
	case t.HTTP != "" && t.HTTP != "1.1" && t.HTTP != "2":
		return fmt.Errorf("a browser cannot be made to speak HTTP/%s", t.HTTP)
	case t.HTTP == "2" && u.Scheme != "https":
		return errors.New("browsers speak HTTP/2 over TLS only")
	case t.HTTP == "2" && s.Technique == "websocket":
		return errors.New("a web socket opens an HTTP/1.1 connection of its own")
	case t.SourceAddr != "":
		return errors.New("a browser does not choose its source address")
	case len(s.Uplink) > 0 && s.Technique != "websocket":
		return fmt.Errorf("%s has no frames to send up", s.Technique)
	case t.Header["Accept-Encoding"] != nil:
		return errors.New("a browser chooses its Accept-Encoding itself")
	case len(t.Header) > 0 && s.Technique == "websocket":
		return errors.New("a browser sends no header of one's own with a web socket")
	}
	for name, values := range t.Header {
		if len(values) > 1 {
			return fmt.Errorf("a browser cannot be made to repeat the header %s", name)
		}
	}
	if err := supportsMethod(s); err != nil {
		return err
	}
	if err := supportsProxy(s); err != nil {
		return err
	}
	return b.engine.supports(s)
}

// supportsMethod: elements, EventSource and WebSocket ask by GET only.
func supportsMethod(s measure.Subscription) error {
	switch s.Technique {
	case "long-poll", "xhr-streaming", "fetch-streaming", "early-close", "content-length-stream":
		if s.Target.Method != "POST" && len(s.Target.Body) > 0 {
			return errors.New("a browser sends no body with GET")
		}
		if m := s.Target.Method; m != "" && m != "GET" && m != "POST" {
			return fmt.Errorf("%s asks by GET or POST, not by %s", s.Technique, m)
		}
	case "piggyback":
		if m := s.Target.Method; m != "" && m != "POST" {
			return fmt.Errorf("piggyback asks by POST, not by %s", m)
		}
	default:
		if m := s.Target.Method; m != "" && m != "GET" || len(s.Target.Body) > 0 {
			return fmt.Errorf("a browser does %s by GET only, without a body", s.Technique)
		}
	}
	return nil
}

func supportsProxy(s measure.Subscription) error {
	if s.Target.Proxy == "" {
		return nil
	}
	proxy, err := url.Parse(s.Target.Proxy)
	switch {
	case err != nil:
		return fmt.Errorf("parse proxy: %w", err)
	case proxy.User != nil:
		return errors.New("a browser takes no credentials from a proxy's URL")
	}
	return nil
}

// varied writes a subscription's variant into its target; to do so again changes
// nothing. It fails for what no page of ours can ask for.
func varied(s measure.Subscription) (measure.Subscription, error) {
	if s.Variant == "" {
		return s, nil
	}
	technique, _ := measure.TechniqueByName(s.Technique)
	if _, err := technique.As(s.Variant); err != nil {
		return s, err
	}
	if s.Variant == "binary" {
		return s, errors.New("the page of " + s.Technique + " reads lines, not lengths")
	}
	v, _ := measure.VariantByName(s.Variant)
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return s, fmt.Errorf("parse target: %w", err)
	}
	q := u.Query()
	for _, option := range v.Options {
		q.Set(option[0], option[1])
	}
	u.RawQuery = q.Encode()
	s.Target.URL = u.String()
	if v.Method != "" {
		s.Target.Method, s.Target.Body = v.Method, []byte("subscribe=1")
	}
	return s, nil
}

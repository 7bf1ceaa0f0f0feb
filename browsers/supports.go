package browsers

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Supports says what this browser cannot be asked for.
func (c *Chromium) Supports(s measure.Subscription) error {
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
	case t.HTTP != "" && t.HTTP != "1.1" && t.HTTP != "2":
		return fmt.Errorf("a browser cannot be made to speak HTTP/%s", t.HTTP)
	case t.HTTP == "2" && u.Scheme != "https":
		return errors.New("browsers speak HTTP/2 over TLS only")
	case t.HTTP == "2" && s.Technique == "websocket":
		return errors.New("a web socket opens an HTTP/1.1 connection of its own")
	case t.SourceAddr != "":
		return errors.New("a browser does not choose its source address")
	case len(t.RootsPEM) > 0 && !t.Insecure && !bytes.Equal(t.RootsPEM, c.options.RootsPEM):
		return errors.New("this browser was started with other root certificates")
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
	return supportsProxy(s)
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
	case s.Technique == "websocket" && s.Target.SocketVia == "get":
		return errors.New("Chromium passes a proxy by CONNECT for web sockets, never by GET")
	}
	return nil
}

package proxies

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseOptions is what Parse needs from its caller. The zero value parses
// everything but real:NAME.
type ParseOptions struct {
	// Real makes a proxy of a real:… spec, which it gets whole.
	Real func(spec string) (Proxy, error)
	// ReadFile reads preset files; nil is the file system.
	ReadFile func(name string) ([]byte, error)
}

// maxSpec bounds what Parse looks at, in bytes.
const maxSpec = 64 << 10

// Parse makes a proxy of one spec (RESULTS.md, Names). Errors name the spec;
// an unknown name is an *UnknownNameError, a mistake in a preset file a
// *PresetError with line and column.
func Parse(spec string, opt ParseOptions) (Proxy, error) {
	if len(spec) > maxSpec {
		return nil, fmt.Errorf("proxy spec of %d bytes is too long", len(spec))
	}
	spec = strings.TrimSpace(spec)
	if spec == "" {
		return nil, errors.New("empty proxy spec")
	}
	if parts := cutAt(spec, ','); len(parts) != 1 {
		return nil, fmt.Errorf("proxy %s: this is a list of %d, one is wanted", quoteName(spec), len(parts))
	}
	links := cutAt(spec, '+')
	if slices.Contains(links, "") {
		return nil, fmt.Errorf("proxy %s: a hop is missing beside +", quoteName(spec))
	}
	if len(links) == 1 {
		return parseLink(spec, opt)
	}
	hops := make([]Proxy, len(links))
	for i, link := range links {
		hop, err := parseLink(link, opt)
		if err != nil {
			return nil, err
		}
		hops[i] = hop
	}
	return newChain(spec, hops)
}

func parseLink(link string, opt ParseOptions) (Proxy, error) {
	kind, rest, _ := strings.Cut(link, ":")
	switch kind {
	case "fault":
		faults, err := parseFaults(rest)
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", quoteName(link), err)
		}
		return &simulated{name: link, faults: faults}, nil
	case "forward", "reverse":
		u, err := parseProxyURL(rest)
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", quoteName(link), err)
		}
		if kind == "forward" {
			return &foreignForward{name: MaskPasswords(link), url: u}, nil
		}
		return &foreignReverse{name: MaskPasswords(link), url: u}, nil
	case "real":
		if opt.Real == nil {
			return nil, fmt.Errorf("proxy %s: real programs are not available here", quoteName(link))
		}
		return opt.Real(link)
	}
	switch {
	case link == "direct":
		return direct{}, nil
	case link == "transparent":
		return &simulated{name: link}, nil
	case hasFileEnding(link) || strings.ContainsAny(link, `/\`):
		preset, err := readPreset(link, opt.ReadFile)
		if err != nil {
			return nil, err
		}
		return preset.proxy(link)
	}
	for _, preset := range Presets() {
		if preset.Name == link {
			return preset.proxy(link)
		}
	}
	return nil, unknownName("proxy", link, proxyNames())
}

// proxyNames returns every name that is a spec by itself.
func proxyNames() []string {
	names := []string{"direct", "transparent"}
	for _, preset := range Presets() {
		names = append(names, preset.Name)
	}
	return names
}

func parseProxyURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL; want http://host:port")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errors.New("want http://host:port or https://host:port")
	}
	return u, nil
}

// hostPort returns u's host with its port, the scheme's own when none is given.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" || u.Scheme == "wss" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// quoteName shortens and quotes what a user wrote, for a one-line message.
func quoteName(name string) string {
	const most = 120
	if len(name) > most {
		name = name[:most] + "..."
	}
	return strconv.Quote(name)
}

// password is what stands between user and host in a URL.
var password = regexp.MustCompile(`(://[^/:@\s]*):[^/@\s]+@`)

// MaskPasswords takes passwords out of the URLs in a text: specs and command
// lines go into every report.
func MaskPasswords(spec string) string { return password.ReplaceAllString(spec, "$1:***@") }

package proxies

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// client2 is a client that speaks HTTP/2 to the hop.
func (p *road) client2() *http.Transport {
	t := &http.Transport{
		Protocols:          onlyHTTP2(),
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return p.net.dial(ctx, network, "hop")
		},
	}
	if p.way.overTLS() {
		t.TLSClientConfig = p.trust()
	}
	return t
}

// request2 is a request to the hop.
func (p *road) request2(ctx context.Context, method, body string, headers ...string) *http.Request {
	scheme := "http"
	if p.way.overTLS() {
		scheme = "https"
	}
	r, err := http.NewRequestWithContext(ctx, method, scheme+"://"+originAddr+"/x", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name != "Content-Length" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// askOver2 is ask over HTTP/2.
func (p *road) askOver2(method, body string, headers ...string) {
	p.t.Helper()
	t := p.client2()
	defer t.CloseIdleConnections()
	p.over2(t, p.request2(p.t.Context(), method, body, headers...))
}

// over2 sends r and logs the answer.
func (p *road) over2(t *http.Transport, r *http.Request) {
	resp, err := t.RoundTrip(r)
	if err != nil {
		p.note("%s", ending(err))
		return
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 {
		p.t.Errorf("answered with %s", resp.Proto)
	}
	p.note("head %d", resp.StatusCode)
	p.body(resp.Body)
}

// onlyTransport makes HTTP/2 connections of one that is there already.
func onlyTransport(c net.Conn) *http.Transport {
	return &http.Transport{
		Protocols:   onlyHTTP2(),
		DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil },
	}
}

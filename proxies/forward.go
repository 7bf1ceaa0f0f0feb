package proxies

import (
	"io"
	"log"
	"net/http"
	"net/url"

	"github.com/elazarl/goproxy"
)

// forward serves a client that knows it talks to a proxy.
func (h *hop) forward(w http.ResponseWriter, r *http.Request) {
	h.counts.hits.Add(1)
	if r.URL.Scheme == "ws" && upgradeOf(r.Header) != "" {
		r.URL.Scheme = "http" // as WebKitGTK asks a proxy for a web socket
	}
	switch {
	case r.Method == http.MethodConnect:
		h.connect(w, r)
	case !r.URL.IsAbs():
		plainAnswer(w, http.StatusBadRequest, "this is a forward proxy: ask for an absolute URL")
	case r.URL.Scheme != "http":
		plainAnswer(w, http.StatusBadRequest, "this proxy speaks http to origins; use CONNECT for "+r.URL.Scheme)
	case !h.allowed(hostPort(r.URL)):
		h.forbid(w, hostPort(r.URL))
	case upgradeOf(r.Header) != "":
		// goproxy knows websockets only, and copies them past the tunnel hooks.
		h.handle(w, r, h.tripper(r, h.pools), func(w http.ResponseWriter, out *http.Request) {
			exchangeOf(out.Context()).copy(w, out)
		})
	default:
		h.handle(w, r, h.tripper(r, h.pools), h.goproxy.ServeHTTP)
	}
}

// newGoproxy sets goproxy up to change nothing: it copies, and the exchange
// does the round trip. Its flushing for event streams only, its 500 for any
// error and its silence about truncated bodies are made up for by the writer
// and the round trip that it is given.
func (h *hop) newGoproxy() *goproxy.ProxyHttpServer {
	p := goproxy.NewProxyHttpServer()
	p.Logger = log.New(io.Discard, "", 0)
	p.Tr = h.pools.requests
	p.ConnectDial = nil
	p.KeepAcceptEncoding = true
	p.KeepHeader = true // the exchange removes what must not travel on
	p.PreventCanonicalization = true
	p.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = goproxy.RoundTripperFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
			return exchangeOf(r.Context()).roundTrip(r)
		})
		return r, nil
	})
	return p
}

// allowed reports whether clients may reach address: a proxy for everywhere
// would be an open one.
func (h *hop) allowed(address string) bool {
	if h.leadsTo(address) {
		return true
	}
	for _, more := range h.allow {
		if more == "*" || more == address {
			return true
		}
	}
	return false
}

// leadsTo reports whether address is the origin's.
func (h *hop) leadsTo(address string) bool {
	own := hostPort(h.origin)
	if address == own {
		return true
	}
	if host, port, ok := cutHostPort(address); ok && isLoopback(host) && isLoopback(h.origin.Hostname()) {
		_, ownPort, _ := cutHostPort(own)
		return port == ownPort && host == "localhost"
	}
	return false
}

func (h *hop) forbid(w http.ResponseWriter, address string) {
	plainAnswer(w, http.StatusForbidden, "this proxy reaches only "+hostPort(h.origin)+", not "+address)
}

func cutHostPort(address string) (host, port string, ok bool) {
	u := url.URL{Host: address}
	return u.Hostname(), u.Port(), u.Port() != ""
}

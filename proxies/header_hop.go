package proxies

import (
	"net/http"
	"strings"
)

// hopHeaders are those that belong to one connection (RFC 9110, 7.6.1), with
// the ones that older programs still send.
var hopHeaders = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// dropHopByHop removes them, and whatever Connection names besides.
func dropHopByHop(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" {
				h.Del(name)
			}
		}
	}
	for _, name := range hopHeaders {
		h.Del(name)
	}
}

// upgradeOf returns the protocol that h asks to switch to, "" for none.
func upgradeOf(h http.Header) string {
	if !hasToken(h["Connection"], "upgrade") {
		return ""
	}
	return h.Get("Upgrade")
}

// hasToken reports whether a comma list in any of the lines has the token.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			part, _, _ = strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// outgoing turns a copy of a client's request into the one for the next hop.
// Nothing else is changed: no Via, no X-Forwarded-For, no User-Agent.
func outgoing(r *http.Request) *http.Request {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	upgrade := upgradeOf(r.Header)
	trailers := hasToken(r.Header["Te"], "trailers")
	dropHopByHop(r.Header)
	if upgrade != "" {
		r.Header["Connection"] = []string{"Upgrade"}
		r.Header["Upgrade"] = []string{upgrade}
	}
	if trailers {
		r.Header["Te"] = []string{"trailers"}
	}
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = []string{""} // keeps Go's own away
	}
	r.Close = false
	r.RequestURI = ""
	if r.ContentLength == 0 {
		r.Body = nil
	}
	return r
}

package reference

import (
	"net/http"
	"slices"
	"strings"
)

// The fields by which a request learns what the path does to headers.
const (
	probeField  = "X-Cometbench-Probe" // of the request: any text
	echoField   = "X-Cometbench-Echo"  // of the answer: the same text
	echoCookie  = "cometbench-echo"
	mostFields  = 64 // names that are written down
	mostOfField = 64 // bytes of each name
)

// echo prepares an answer that shows what becomes of a cookie and of a field of
// one's own, and writes down which fields the request came with.
func (s *Subscription) echo(w http.ResponseWriter, r *http.Request) {
	s.peer.fields = fieldNames(r.Header)
	http.SetCookie(w, &http.Cookie{Name: echoCookie, Value: "1", Path: "/"})
	w.Header().Set(echoField, clip(r.Header.Get(probeField)))
}

// fieldNames lists the names in a header, sorted and comma-separated.
func fieldNames(h http.Header) string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name[:min(len(name), mostOfField)])
	}
	slices.Sort(names)
	return strings.Join(names[:min(len(names), mostFields)], ",")
}

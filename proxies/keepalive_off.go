package proxies

import "net/http"

func keepaliveOffFault() Fault {
	return Fault{
		Name:   "keepalive-off",
		Means:  "A connection carries one exchange and is closed after it; over HTTP/2 it takes no further ones.",
		Source: "nginx keepalive_timeout 0; haproxy option httpclose; each poll then opens a connection, and affinity by connection is lost (socketio/socket.io#1739)",
		Params: []Param{
			{Name: "side", Type: Word, Words: []string{"client", "origin", "both"}, Default: "both", Main: true, Means: "whose connections"},
		},
		New: func(a Args) (Hooks, error) {
			var h Hooks
			if a.Text("side") != "origin" {
				h.Writer = func(next ResponseWriter, _ *http.Request) ResponseWriter {
					return &closingWriter{next}
				}
			}
			if a.Text("side") != "client" {
				h.Upstream = func(next http.RoundTripper) http.RoundTripper {
					return tripperFunc(func(r *http.Request) (*http.Response, error) {
						if upgradeOf(r.Header) == "" {
							r = r.Clone(r.Context())
							r.Close = true
						}
						return next.RoundTrip(r)
					})
				}
			}
			return h, nil
		},
	}
}

// closingWriter says that the connection ends with the response.
type closingWriter struct{ ResponseWriter }

func (w *closingWriter) WriteHeader(status int) {
	w.Header().Set("Connection", "close")
	w.ResponseWriter.WriteHeader(status)
}

package proxies

import (
	"net"
	"net/http"
)

func muteFault() Fault {
	return Fault{
		Name:     "mute",
		Means:    "Requests reach the origin; of its answer nothing but the head ever comes back, and the connection stays open.",
		Source:   "windmill-labs/windmill#10716",
		Provokes: []Provoke{{"half-open", "mute"}},
		Params: []Param{
			{Name: "head", Type: Word, Words: []string{"pass", "drop"}, Default: "pass", Main: true, Means: "whether the head passes"},
		},
		New: func(a Args) (Hooks, error) {
			pass := a.Text("head") == "pass"
			return Hooks{
				Writer: func(next ResponseWriter, _ *http.Request) ResponseWriter {
					return &muteWriter{ResponseWriter: next, pass: pass}
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					return client, &muteConn{upstream}
				},
			}, nil
		},
	}
}

type muteWriter struct {
	ResponseWriter
	pass bool
}

func (w *muteWriter) WriteHeader(status int) {
	if w.pass {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *muteWriter) Write(p []byte) (int, error) { return len(p), nil }

// Finish leaves the client waiting, however the origin ended.
func (w *muteWriter) Finish(error) {
	w.ResponseWriter.Finish(&CutError{End: endSilence, Reason: "muted"})
}

// muteConn is an upstream of which nothing is heard.
type muteConn struct{ net.Conn }

func (c *muteConn) NetConn() net.Conn          { return c.Conn }
func (c *muteConn) Read(p []byte) (int, error) { return discard(c.Conn) }

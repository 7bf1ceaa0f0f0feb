package proxies

import (
	"io"
	"net"
	"net/http"
)

func maxBytesFault() Fault {
	return Fault{
		Name:     "max-bytes",
		Means:    "Every response is ended after a fixed number of bytes.",
		Source:   "Netlify functions 20 MB (recalled); response limits of API gateways (end=504)",
		Provokes: []Provoke{{"max-bytes", "max-bytes(65536)"}},
		Params: []Param{
			{Name: "bytes", Type: Bytes, Default: "65536", Main: true, Means: "how much of the body passes; the next byte ends the response"},
			{Name: "end", Type: Word, Words: endWords(), Default: endFin, Means: "what the client sees: 504 (an answer of the proxy's, where the length is known to be too large; a close otherwise), fin, rst, clean (a proper end) or silence"},
			{Name: "status", Type: Count, Default: "504", Means: "of the answer, with end=504"},
		},
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			most, end := a.Number("bytes"), a.Text("end")
			known := end == endStatus
			if known {
				end = endFin
			}
			return Hooks{
				Response: func(resp *http.Response) error {
					if resp.StatusCode == http.StatusSwitchingProtocols {
						return nil
					}
					if known && resp.ContentLength > most && resp.Request.Method != http.MethodHead {
						_ = resp.Body.Close()
						*resp = *ownAnswer(resp.Request, status, "too many bytes")
						return nil
					}
					resp.Body = &cappedBody{ReadCloser: resp.Body, left: most, end: end}
					return nil
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					return client, &cappedConn{Conn: upstream, client: client, left: most, end: end}
				},
			}, nil
		},
	}
}

// cappedBody passes a number of bytes, and ends at the one after them.
type cappedBody struct {
	io.ReadCloser
	left int64
	end  string
}

func (b *cappedBody) Read(p []byte) (int, error) {
	// One more than is left tells an end at the limit from one beyond it.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) <= b.left {
		b.left -= int64(n)
		return n, err
	}
	n, b.left = int(b.left), 0
	if b.end == endClean {
		return n, io.EOF
	}
	return n, &CutError{End: b.end, Reason: "too many bytes"}
}

// cappedConn is the upstream side of a tunnel with a limit on what comes back.
type cappedConn struct {
	net.Conn
	client net.Conn
	left   int64
	end    string
}

func (c *cappedConn) NetConn() net.Conn { return c.Conn }

func (c *cappedConn) Read(p []byte) (int, error) {
	if c.left > 0 {
		n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
		c.left -= int64(n)
		return n, err
	}
	n, err := c.Conn.Read(p[:1])
	if n == 0 {
		return 0, err
	}
	switch c.end {
	case endSilence:
		return discard(c.Conn)
	case endRst:
		reset(c.client)
	}
	_ = c.Conn.Close()
	return 0, io.EOF
}

// discard reads r to its end and gives nothing of it.
func discard(r io.Reader) (int, error) {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

package proxies

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"
)

func brokenOffFault() Fault {
	return Fault{
		Name:     "broken-off",
		Means:    "What the origin breaks off in the middle ends for the client as if it were whole, or is told to it late or never.",
		Source:   "caddy 2.6.2, lighttpd 1.4.69 and h2o 2.2.5, which end it properly; mod_jk 1.2.48, behind which Apache writes its error page into it; privoxy 3.0.34, which takes 5 s to tell (all measured)",
		Provokes: []Provoke{{"truncated", "broken-off(clean)"}, {"half-open", "broken-off(silence)"}, {"corrupted", "broken-off(page)"}},
		Params: []Param{
			{Name: "end", Type: Word, Words: []string{endClean, endPage, endFin, endSilence}, Default: endClean, Main: true, Means: "what the client sees: clean (a proper end; of a websocket a close frame), page (the proxy's own error page, and a proper end), fin (a close without one) or silence (its side stays open)"},
			{Name: "after", Type: Duration, Time: Wire, Means: "how long after the origin's breaking off"},
		},
		New: func(a Args) (Hooks, error) {
			end, after := a.Text("end"), a.Duration("after")
			var hooks Hooks
			if end == endClean {
				hooks = onSwitch(func(s io.ReadWriteCloser) io.ReadWriteCloser { return &closedStream{ReadWriteCloser: s} })
			}
			hooks.Writer = func(next ResponseWriter, r *http.Request) ResponseWriter {
				return &brokenOffWriter{ResponseWriter: next, request: r, end: end, after: after}
			}
			return hooks, nil
		},
	}
}

const endPage = "page"

// brokenPage has as many lines as such pages have.
const brokenPage = `<!DOCTYPE html>
<html>
<head>
<title>502 Bad Gateway</title>
</head>
<body>
<h1>Bad Gateway</h1>
<p>The proxy received
an incomplete answer
from the origin.</p>
</body>
</html>
`

type brokenOffWriter struct {
	ResponseWriter
	request *http.Request
	end     string
	after   time.Duration
}

// brokenOff reports whether err, with which an answer to r ended, is the
// origin's doing: not a limit of this path's own, and not a client that is gone.
func brokenOff(r *http.Request, err error) bool {
	var cut *CutError
	return err != nil && !errors.As(err, &cut) && !errors.Is(err, errClientGone) && r.Context().Err() == nil
}

// fetchFailed answers in place of what the origin broke off, of which nothing
// has passed yet.
func fetchFailed(w ResponseWriter, r *http.Request, status int) {
	page := ownPage(r, status, "text/html", fmt.Sprintf("<html><head><title>%d %s</title></head><body><h1>The origin broke off</h1></body></html>\n", status, http.StatusText(status)))
	header := w.Header()
	clear(header)
	maps.Copy(header, page.Header)
	w.WriteHeader(status)
	_, _ = io.Copy(w, page.Body) // a client that is gone is known further on
	w.Finish(nil)
}

// Finish changes what the origin's breaking off looks like. Limits of this
// path's own, and a client that is gone, are none of it.
func (w *brokenOffWriter) Finish(err error) {
	if !brokenOff(w.request, err) {
		w.ResponseWriter.Finish(err)
		return
	}
	if w.after > 0 {
		timer := time.NewTimer(w.after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-w.request.Context().Done():
		case <-hopOf(w.request.Context()).ctx.Done():
		}
	}
	switch w.end {
	case endPage:
		_, _ = io.WriteString(w.ResponseWriter, brokenPage) // a client that is gone is known further on
		fallthrough
	case endClean:
		w.ResponseWriter.Finish(nil)
		return
	}
	w.ResponseWriter.Finish(&CutError{End: w.end, Reason: err.Error()})
}

// closeFrame is the end of a websocket that says no reason (RFC 6455, 5.5.1).
var closeFrame = []byte{0x88, 0}

// closedStream is the origin's side of a websocket whose end becomes a close
// frame. What the origin broke off inside a frame is dropped.
type closedStream struct {
	io.ReadWriteCloser
	frames  frames
	pending []byte
	ended   bool
	inLarge bool // a frame that passes in pieces has begun
}

func (s *closedStream) Read(p []byte) (int, error) {
	buf := make([]byte, 4<<10)
	for len(s.pending) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		n, err := s.ReadWriteCloser.Read(buf)
		closed := false
		s.frames.feed(buf[:n], func(frame []byte) {
			closed = closed || !s.inLarge && frame[0]&0x0f == closeFrame[0]&0x0f
			s.inLarge = s.frames.rest > 0
			s.pending = append(s.pending, frame...)
		})
		if s.ended = err != nil || closed; err != nil && !closed {
			s.pending = append(s.pending, closeFrame...)
		}
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

func (s *closedStream) CloseWrite() error { return closeWriteStream(s.ReadWriteCloser) }

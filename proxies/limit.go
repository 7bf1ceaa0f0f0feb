package proxies

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"
)

// limit ends an exchange when a time is over.
type limit struct {
	after    time.Duration
	end      string
	status   int    // of the answer before the head
	answers  bool   // before the head there is an answer, whatever end says
	rearm    bool   // bytes start the time anew
	any      bool   // whatever passes on the client's connection does, and 1xx responses
	from     string // only those of "origin" or "client"; else both
	fromHead bool   // the time starts with the response's head
	toHead   bool   // the head stops it for good
	reason   string
}

func (l limit) hooks() Hooks {
	h := Hooks{Upstream: l.upstream}
	if !l.toHead {
		h.Tunnel = l.tunnel
	}
	if l.any {
		h.Conn = watchActivity
	}
	return h
}

func (l limit) upstream(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithCancelCause(r.Context())
		w := &limitWatch{limit: l}
		w.onFire = func() {
			cut := l.cut()
			cancel(cut)
			if ex := exchangeOf(r.Context()); ex != nil {
				ex.cancel(cut)
			}
		}
		r = r.WithContext(ctx)
		if l.rearm {
			r = w.watchRequest(r)
		}
		if ex := exchangeOf(r.Context()); l.any && ex != nil {
			w.follow(ex)
		}
		if !l.fromHead {
			w.start()
		}
		resp, err := next.RoundTrip(r)
		switch {
		case w.fired():
			if err == nil {
				_ = resp.Body.Close()
			}
			return l.beforeHead(r)
		case err != nil:
			w.stop()
			return nil, err
		case l.toHead || resp.StatusCode == http.StatusSwitchingProtocols:
			w.stop()
			return resp, nil
		case l.fromHead:
			w.start()
		default:
			w.touch(fromOrigin)
		}
		resp.Body = &limitedBody{ReadCloser: resp.Body, watch: w}
		return resp, nil
	})
}

func (l limit) cut() *CutError {
	end := l.end
	if end == endStatus {
		end = endFin
	}
	return &CutError{End: end, Reason: l.reason}
}

func (l limit) beforeHead(r *http.Request) (*http.Response, error) {
	if l.answers || l.end == endStatus || l.end == endClean {
		return ownAnswer(r, l.status, l.reason), nil
	}
	return nil, l.cut()
}

// limitWatch is a running limit.
type limitWatch struct {
	limit
	onFire func()

	mu    sync.Mutex
	timer *time.Timer
	isUp  bool // the time is over
	over  bool // and does not matter any more
}

func (w *limitWatch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil && !w.over {
		w.timer = time.AfterFunc(w.after, w.fire)
	}
}

func (w *limitWatch) fire() {
	w.mu.Lock()
	if w.over {
		w.mu.Unlock()
		return
	}
	w.isUp = true
	w.mu.Unlock()
	w.onFire()
}

// Whose bytes passed.
const (
	fromOrigin = "origin"
	fromClient = "client"
)

// touch notes that bytes passed.
func (w *limitWatch) touch(from string) {
	if other := w.from == fromOrigin || w.from == fromClient; other && w.from != from {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rearm && w.timer != nil && !w.isUp && !w.over {
		w.timer.Reset(w.after)
	}
}

func (w *limitWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *limitWatch) fired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.isUp
}

// watchRequest lets a body on its way up count, and 1xx responses if wanted.
func (w *limitWatch) watchRequest(r *http.Request) *http.Request {
	if w.any {
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(int, textproto.MIMEHeader) error {
				w.touch(fromOrigin)
				return nil
			},
		}))
	}
	if r.Body != nil {
		r.Body = &touchingBody{ReadCloser: r.Body, watch: w}
	}
	return r
}

type touchingBody struct {
	io.ReadCloser
	watch *limitWatch
}

func (b *touchingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.watch.touch(fromClient)
	}
	return n, err
}

// limitedBody ends with its limit.
type limitedBody struct {
	io.ReadCloser
	watch *limitWatch
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.watch.touch(fromOrigin)
	}
	if err == nil {
		return n, nil
	}
	if err == io.EOF || !b.watch.fired() {
		b.watch.stop()
		return n, err
	}
	if b.watch.end == endClean {
		return n, io.EOF
	}
	return n, b.watch.cut()
}

func (b *limitedBody) Close() error {
	b.watch.stop()
	return b.ReadCloser.Close()
}

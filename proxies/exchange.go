package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"sync/atomic"
)

// exchange is one request on its way through a hop, and its answer's way back.
type exchange struct {
	hop    *hop
	base   http.RoundTripper // to the origin, or to the next proxy
	in     *http.Request     // as the client sent it
	client net.Conn          // nil where the server does not tell
	back   *eager
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	active   []bool // by fault: its conditions hold
	headSize int
	upstream net.Conn // the connection that carries this exchange
	bodyErr  error    // how the upstream body ended; nil is properly
	cut      *CutError
	answered bool // the round trip is over; no more 1xx
}

type exchangeKey struct{}

// exchangeOf finds the exchange that a request in a hook belongs to.
func exchangeOf(ctx context.Context) *exchange {
	ex, _ := ctx.Value(exchangeKey{}).(*exchange)
	return ex
}

// handle carries one request. send writes the response of ex.roundTrip to w.
func (h *hop) handle(w http.ResponseWriter, r *http.Request, base http.RoundTripper, send func(http.ResponseWriter, *http.Request)) {
	ctx, cancel := context.WithCancelCause(r.Context())
	ex := &exchange{hop: h, base: base, in: r, cancel: cancel, active: make([]bool, len(h.faults))}
	ex.client = clientOf(r.Context())
	ex.back = newEager(w, func() { cancel(errClientGone) })
	defer cancel(nil)

	ctx = context.WithValue(ctx, exchangeKey{}, ex)
	out := outgoing(r.Clone(httptrace.WithClientTrace(ctx, ex.trace())))
	if out.Body != nil {
		body := &handlerBody{ReadCloser: out.Body}
		out.Body = body
		defer body.forget()
		// The transport waits for its reader of the body before it gives up.
		stop := context.AfterFunc(ctx, func() {
			if !body.complete() {
				_ = http.NewResponseController(w).SetReadDeadline(past)
			}
		})
		defer stop()
	}
	answer := &answer{ex: ex, header: http.Header{}}
	send(answer, out)
	answer.finish(ex.outcome())
	ex.end()
}

// trace passes 1xx responses on and learns the connection.
func (ex *exchange) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			ex.mu.Lock()
			defer ex.mu.Unlock()
			ex.upstream = info.Conn
		},
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			ex.mu.Lock()
			defer ex.mu.Unlock()
			// Clients of HTTP/1.0 know no interim answers (RFC 9110, 15.2).
			if code != http.StatusContinue && !ex.answered && ex.in.ProtoAtLeast(1, 1) {
				ex.back.interim(code, http.Header(header))
			}
			return nil
		},
	}
}

// roundTrip sends out through all faults. It gives an error only when nothing
// is to be answered: the client is gone, or a fault cuts the exchange.
func (ex *exchange) roundTrip(out *http.Request) (*http.Response, error) {
	rt := http.RoundTripper(tripperFunc(func(r *http.Request) (*http.Response, error) {
		resp, err := ex.base.RoundTrip(r)
		var refused *refusedError
		if errors.As(err, &refused) {
			return ownAnswer(r, refused.status, refused.reason), nil
		}
		if err == nil && resp.StatusCode < 100 {
			_ = resp.Body.Close()
			return nil, fmt.Errorf("the origin answered with status %03d", resp.StatusCode)
		}
		if err == nil {
			ex.noteHead(resp)
			if resp.StatusCode != http.StatusSwitchingProtocols {
				dropHopByHop(resp.Header) // but not from what the proxy itself answers
			}
		}
		return resp, err
	}))
	for i, f := range ex.hop.faults {
		rt = f.wrap(rt, ex, i)
	}
	resp, err := rt.RoundTrip(out)
	ex.mu.Lock()
	ex.answered = true
	ex.mu.Unlock()
	if err == nil {
		if resp.StatusCode == http.StatusSwitchingProtocols {
			if upgradeOf(out.Header) != "" {
				return resp, nil
			}
			_ = resp.Body.Close()
			return ownAnswer(out, http.StatusBadGateway, "bad gateway: the origin switched protocols unasked"), nil
		}
		resp.Body = &watchedBody{ReadCloser: resp.Body, ex: ex}
		return resp, nil
	}
	var cut *CutError
	switch {
	case errors.As(err, &cut):
	case ex.in.Context().Err() != nil:
		cut = &CutError{End: endFin, Reason: errClientGone.Error()}
	default:
		return ownAnswer(out, http.StatusBadGateway, "bad gateway: "+oneLine(err.Error())), nil
	}
	ex.mu.Lock()
	ex.cut = cut
	ex.mu.Unlock()
	return nil, cut
}

// noteHead remembers how large the origin's head was.
func (ex *exchange) noteHead(resp *http.Response) {
	var size byteCount
	_ = resp.Header.Write(&size) // counting cannot fail
	size += byteCount(len(resp.Proto) + 1 + len(resp.Status) + 2 + 2)
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.headSize = int(size)
}

// headBytes is the size of the origin's head.
func (ex *exchange) headBytes() int {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.headSize
}

type byteCount int

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// copy sends the response to w, each read at once.
func (ex *exchange) copy(w http.ResponseWriter, out *http.Request) {
	resp, err := ex.roundTrip(out)
	if err != nil {
		return
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		ex.switchProtocols(resp)
		return
	}
	defer resp.Body.Close()
	header := w.Header()
	for name, values := range resp.Header {
		header[name] = values
	}
	announced := len(resp.Trailer)
	for name := range resp.Trailer {
		header.Add("Trailer", name)
	}
	w.WriteHeader(resp.StatusCode)
	pass(w, resp.Body)
	for name, values := range resp.Trailer {
		if len(resp.Trailer) != announced {
			name = http.TrailerPrefix + name
		}
		header[name] = values
	}
}

// pass copies each read at once, with a buffer that grows with what comes: most
// streams say little and last long, and there may be thousands of them. Its
// errors are in the exchange already, whichever side they came from.
func pass(w io.Writer, r io.Reader) {
	const first, most = 4 << 10, 64 << 10
	for buf := make([]byte, first); ; {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if n == len(buf) && n < most {
			buf = make([]byte, 2*n)
		}
	}
}

// outcome is how the upstream ended.
func (ex *exchange) outcome() error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	if ex.cut != nil {
		return ex.cut
	}
	return ex.bodyErr
}

// dropped reports whether nothing at all is to be answered.
func (ex *exchange) dropped() bool {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.cut != nil
}

// end makes the client see how the exchange ended. Anything but a proper end
// must not get a final chunk: the server's handler panics to say so.
func (ex *exchange) end() {
	began, err := ex.back.ended()
	if err == nil {
		return
	}
	var cut *CutError
	if errors.As(err, &cut) {
		switch cut.End {
		case endSilence:
			ex.cancel(err)
			select {
			case <-ex.in.Context().Done():
			case <-ex.hop.ctx.Done():
			}
		case endRst:
			ex.reset()
		}
		panic(http.ErrAbortHandler)
	}
	if began && ex.endsByClose() {
		// A FIN would be the proper end here; only a reset shows the cut.
		ex.reset()
	}
	panic(http.ErrAbortHandler)
}

// endsByClose reports whether the response's end is that of its connection.
func (ex *exchange) endsByClose() bool {
	return !ex.in.ProtoAtLeast(1, 1) && ex.back.Header().Get("Content-Length") == ""
}

func (ex *exchange) reset() {
	if ex.client != nil {
		reset(ex.client)
	}
}

// watchedBody remembers how an upstream body ended, and stops when the client
// has left, which only matters where leaving was kept from the origin.
type watchedBody struct {
	io.ReadCloser
	ex *exchange
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil && b.ex.in.Context().Err() != nil {
		err = errClientGone
	}
	if err != nil && err != io.EOF {
		b.ex.mu.Lock()
		if b.ex.bodyErr == nil {
			b.ex.bodyErr = err
		}
		b.ex.mu.Unlock()
	}
	return n, err
}

// handlerBody keeps the transport from closing the client's body, and from
// reading it after the handler has returned.
type handlerBody struct {
	io.ReadCloser
	over, ended atomic.Bool
}

func (b *handlerBody) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.ended.Store(true)
	}
	return n, err
}

func (*handlerBody) Close() error { return nil }

// forget leaves closing to the server: closing here would wait for a read that
// is under way, and that one for the client.
func (b *handlerBody) forget() { b.over.Store(true) }

// complete reports whether the client has sent all of it.
func (b *handlerBody) complete() bool { return b.ended.Load() }

package proxies

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// switchProtocols passes a 101 on and relays bytes until both sides end.
func (ex *exchange) switchProtocols(resp *http.Response) {
	stream, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		ex.refuse(errors.New("the upgraded connection cannot be written to"))
		return
	}
	client, buffered, err := http.NewResponseController(ex.back.w).Hijack()
	if err != nil {
		_ = stream.Close()
		ex.refuse(err)
		return
	}
	ex.mu.Lock()
	conn := ex.upstream
	ex.mu.Unlock()
	upstream := net.Conn(&streamConn{Conn: conn, stream: stream})

	var own net.Conn = &prefixedConn{Conn: client, prefix: buffered.Reader}
	if !ex.hop.keep(client, upstream) {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	defer ex.hop.release(client, upstream)
	head := &http.Response{
		Status: resp.Status, StatusCode: resp.StatusCode,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: resp.Header,
	}
	if err := writeHead(client, head); err != nil {
		_ = client.Close()
		_ = upstream.Close()
		return
	}
	for i, f := range ex.hop.faults {
		if ex.isActive(i) && f.hooks.Tunnel != nil {
			own, upstream = f.hooks.Tunnel(own, upstream)
		}
	}
	pump(own, upstream)
}

// refuse answers 502 where no response has begun.
func (ex *exchange) refuse(err error) {
	ex.back.Header().Set("Content-Type", "text/plain; charset=utf-8")
	ex.back.WriteHeader(http.StatusBadGateway)
	_, _ = ex.back.Write([]byte("bad gateway: " + oneLine(err.Error()) + "\n"))
}

func writeHead(w io.Writer, resp *http.Response) error {
	var b strings.Builder
	b.WriteString("HTTP/1.1 " + oneLine(resp.Status) + "\r\n")
	if err := resp.Header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// tunnelThrough applies the tunnel hooks whose conditions r fulfils and relays.
func (h *hop) tunnelThrough(client, upstream net.Conn, r *http.Request) {
	for _, f := range h.faults {
		if f.hooks.Tunnel != nil && f.matches(r) {
			client, upstream = f.hooks.Tunnel(client, upstream)
		}
	}
	pump(client, upstream)
}

// pump relays bytes both ways until both have ended. A FIN on one side becomes
// a FIN on the other and the opposite direction goes on; a RST becomes a RST.
func pump(a, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { pumpOne(b, a) })
	wg.Go(func() { pumpOne(a, b) })
	wg.Wait()
	_ = a.Close()
	_ = b.Close()
}

func pumpOne(dst, src net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				// What src says can reach nobody.
				if isReset(werr) {
					reset(src)
				} else {
					_ = src.Close()
				}
				return
			}
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			closeWrite(dst)
		case isReset(err):
			reset(dst)
		default:
			_ = dst.Close()
		}
		return
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// streamConn is the body of a 101 as a connection: bytes go through the body,
// which may hold some already; the rest is asked of the connection itself.
type streamConn struct {
	net.Conn
	stream io.ReadWriteCloser
}

func (c *streamConn) Read(p []byte) (int, error)  { return c.stream.Read(p) }
func (c *streamConn) Write(p []byte) (int, error) { return c.stream.Write(p) }
func (c *streamConn) Close() error                { return c.stream.Close() }
func (c *streamConn) NetConn() net.Conn           { return c.Conn }
func (c *streamConn) CloseWrite() error {
	if w, ok := c.stream.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// prefixedConn gives first what was read ahead of it.
type prefixedConn struct {
	net.Conn
	prefix *bufio.Reader
}

func (c *prefixedConn) NetConn() net.Conn { return c.Conn }

func (c *prefixedConn) Read(p []byte) (int, error) {
	if n := c.prefix.Buffered(); n > 0 {
		return c.prefix.Read(p[:min(n, len(p))])
	}
	return c.Conn.Read(p)
}

// keep takes connections that no server owns any more into the hop's care, so
// that Close ends them. It reports false when the hop is closed.
func (h *hop) keep(conns ...net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.kept = append(h.kept, conns...)
	return true
}

func (h *hop) release(conns ...net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = slices.DeleteFunc(h.kept, func(c net.Conn) bool { return slices.Contains(conns, c) })
}

package proxies

import (
	"io"
	"net"
)

// leavingBody calls leave when body is closed; it can be written to where body
// can.
func leavingBody(body io.ReadCloser, leave func()) io.ReadCloser {
	left := &leavingReader{ReadCloser: body, leave: leave}
	if w, ok := body.(io.Writer); ok {
		return &leavingStream{leavingReader: left, Writer: w}
	}
	return left
}

type leavingReader struct {
	io.ReadCloser
	leave func()
}

func (b *leavingReader) Close() error {
	err := b.ReadCloser.Close()
	b.leave()
	return err
}

type leavingStream struct {
	*leavingReader
	io.Writer
}

func (s *leavingStream) CloseWrite() error { return closeWriteStream(s.ReadCloser) }

// leavingConn calls leave when it is closed.
type leavingConn struct {
	net.Conn
	leave func()
}

func (c *leavingConn) NetConn() net.Conn { return c.Conn }

func (c *leavingConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}

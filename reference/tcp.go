package reference

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// unansweredProbes are how many of keepalive's questions go without an answer
// before TCP gives the peer up.
const unansweredProbes = 2

var errNoTCP = errors.New("keepalive and user_timeout need a TCP connection")

// tune sets a request's connection up as its options ask for.
func tune(r *http.Request, p *Params) error {
	if p.KeepAlive == 0 && p.UserTimeout == 0 {
		return nil
	}
	conn, ok := tcpConn(r)
	if !ok {
		return errNoTCP
	}
	if d := p.KeepAlive; d > 0 {
		d = max(d, time.Second) // the kernel counts in seconds
		config := net.KeepAliveConfig{Enable: true, Idle: d, Interval: d, Count: unansweredProbes}
		if err := conn.SetKeepAliveConfig(config); err != nil {
			return err
		}
	}
	if p.UserTimeout > 0 {
		return setUserTimeout(conn, p.UserTimeout)
	}
	return nil
}

// tcpConn is the connection under a request, below any layers of TLS.
func tcpConn(r *http.Request) (*net.TCPConn, bool) {
	c, _ := r.Context().Value(connKey{}).(connection)
	for conn := c.conn; ; {
		switch v := conn.(type) {
		case *net.TCPConn:
			return v, true
		case interface{ NetConn() net.Conn }:
			conn = v.NetConn()
		default:
			return nil, false
		}
	}
}

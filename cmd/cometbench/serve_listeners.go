package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/reference"
)

// listeners are what `serve` listens on: TCP, and UDP on the same port for
// HTTP/3.
type listeners struct {
	tcp   net.Listener
	udp   net.PacketConn   // nil without HTTP/3
	cert  *tls.Certificate // nil without TLS
	roots []byte           // PEM of the authority to trust; nil with a certificate of the user's
}

// sharedPortTries is how often a free TCP port may turn out to be taken by UDP.
const sharedPortTries = 10

func openListeners(ctx context.Context, o serveOptions) (*listeners, error) {
	l := new(listeners)
	if o.tls {
		if err := l.certify(o); err != nil {
			return nil, err
		}
	}
	for tries := sharedPortTries; ; tries-- {
		tcp, err := listen(ctx, o.listen)
		if err != nil {
			return nil, err
		}
		l.tcp = tcp
		if !slices.Contains(o.http, "3") {
			return l, nil
		}
		l.udp, err = new(net.ListenConfig).ListenPacket(ctx, "udp", tcp.Addr().String())
		if err == nil {
			return l, nil
		}
		tcp.Close()
		if _, port, _ := net.SplitHostPort(o.listen); port != "0" || tries == 1 {
			return nil, usage("--listen %s by UDP, for HTTP/3: %w; choose another port, or 0 for a free one", o.listen, err)
		}
	}
}

// certify loads the user's certificate or makes one.
func (l *listeners) certify(o serveOptions) error {
	if o.certFile != "" {
		cert, err := tls.LoadX509KeyPair(o.certFile, o.key)
		var path *os.PathError
		switch {
		case errors.As(err, &path):
			return usage("read certificate: %w", err) // it names the file
		case err != nil:
			return usage("--cert %s --key %s: %w", o.certFile, o.key, err)
		}
		l.cert = &cert
		return nil
	}
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return usage("--listen %s: %w", o.listen, err)
	}
	pair, err := selfsigned.New(host)
	if err != nil {
		return err
	}
	l.cert, l.roots = &pair.Certificate, pair.RootsPEM
	return nil
}

func (l *listeners) scheme() string {
	if l.cert != nil {
		return "https"
	}
	return "http"
}

// serve serves all listeners. The channel gets one error each, and has room
// for them.
func (l *listeners) serve(ctx context.Context, srv *reference.Server) chan error {
	servers := []func() error{func() error {
		if l.cert != nil {
			return srv.ServeTLS(ctx, l.tcp, *l.cert)
		}
		return srv.Serve(ctx, l.tcp)
	}}
	if l.udp != nil {
		quietQUIC()
		servers = append(servers, func() error { return srv.ServeQUIC(ctx, l.udp, *l.cert) })
	}
	done := make(chan error, len(servers))
	for _, serve := range servers {
		go func() { done <- serve() }()
	}
	return done
}

func (l *listeners) close() {
	l.tcp.Close()
	if l.udp != nil {
		l.udp.Close()
	}
}

// quietQUIC keeps quic-go from writing to the global log, where a small
// receive buffer would make it break the rule of one line on stderr. A value
// that the user has set stays.
func quietQUIC() {
	const name = "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING"
	if _, set := os.LookupEnv(name); !set {
		_ = os.Setenv(name, strconv.FormatBool(true)) // a constant name and value cannot fail
	}
}

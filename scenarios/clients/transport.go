package clients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tlsConfig trusts what the target says in addition to the system's roots.
func tlsConfig(t measure.Target) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: t.Insecure}
	if t.Identity != nil {
		config.Certificates = []tls.Certificate{*t.Identity}
	}
	if len(t.RootsPEM) == 0 {
		return config, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(t.RootsPEM) {
		return nil, errors.New("no certificate in the target's roots")
	}
	config.RootCAs = pool
	return config, nil
}

// newRoundTripper returns what carries the requests of one subscription:
// nothing is shared with others, nothing is taken from the environment, and
// nothing is decompressed behind our back.
func newRoundTripper(t measure.Target, technique measure.Technique, d *dialer) (http.RoundTripper, error) {
	if t.HTTP == "1.0" {
		return &http10{dial: d}, nil
	}
	tr := &http.Transport{
		DialContext:         d.DialContext,
		TLSClientConfig:     d.tls.Clone(),
		TLSHandshakeTimeout: connectTimeout,
		DisableCompression:  true,
		ReadBufferSize:      32 << 10, // large messages in few reads
		IdleConnTimeout:     90 * time.Second,
		Protocols:           new(http.Protocols),
	}
	if t.HTTP == "2" {
		// A browser knows HTTP/2 by TLS alone; without it both ends must know
		// beforehand, and an HTTP/1 proxy can only be tunnelled through.
		tr.Protocols.SetHTTP2(true)
		tr.Protocols.SetUnencryptedHTTP2(true)
		tr.DialContext = d.TunnelContext
		tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return d.tunnelTLS(ctx, network, address, true)
		}
		return tr, nil
	}
	tr.Protocols.SetHTTP1(true)
	switch {
	case d.proxy == nil:
	case technique.Class == measure.ClassSocket && t.SocketVia != "get":
		if t.SocketVia != "" && t.SocketVia != "connect" {
			return nil, fmt.Errorf("a socket passes a proxy by connect or get, not by %q", t.SocketVia)
		}
		tr.DialContext = d.TunnelContext
	default:
		tr.Proxy = func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "https" {
				return nil, nil // by our own tunnel, which keeps a refusal whole
			}
			return d.proxy, nil
		}
		tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if d.proxy.Scheme == "https" && address == hostPort(d.proxy) {
				return d.dialProxy(ctx)
			}
			return d.tunnelTLS(ctx, network, address, false)
		}
	}
	return tr, nil
}

package proxies

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
)

// maxStreams is how many requests one HTTP/2 connection of a client may have
// under way: more than any technique needs, so that the limit of an exchange is
// a fault's and not the hop's own.
const maxStreams = 1000

func (h *hop) newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           h.tracked(handler),
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: headerTimeout,
		// OPTIONS * is for the origin to answer.
		DisableGeneralOptionsHandler: true,
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		BaseContext:                  func(net.Listener) context.Context { return h.ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		// What net/http would log is in the exchange's outcome already.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serveFront serves clients, with TLS when there is a certificate.
func (h *hop) serveFront(certificate *tls.Certificate) {
	if certificate == nil {
		h.server.Protocols = plainProtocols()
		h.wg.Go(func() { _ = h.server.Serve(h.listener) })
		return
	}
	h.server.Protocols = tlsProtocols()
	h.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	h.wg.Go(func() { _ = h.server.ServeTLS(h.listener, "", "") })
}

// plainProtocols are those of a port without TLS: HTTP/1.x, and 2 by prior
// knowledge.
func plainProtocols() *http.Protocols {
	p := onlyHTTP1()
	p.SetUnencryptedHTTP2(true)
	return p
}

// tlsProtocols are those that ALPN chooses from.
func tlsProtocols() *http.Protocols {
	p := onlyHTTP1()
	p.SetHTTP2(true)
	return p
}

func onlyHTTP1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

func onlyHTTP2() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

package reference

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/quic-go/webtransport-go"
)

// webTransport is a session over HTTP/3 in which the server opens one
// unidirectional stream and writes lines to it.
type webTransport struct{}

func (webTransport) Name() string { return "webtransport" }

func (webTransport) Info() Info {
	const why = "WebTransport is an extended CONNECT over HTTP/3"
	return Info{
		Class: Socket, Family: "webtransport", Methods: []string{http.MethodConnect}, HTTP: []string{"3"}, Upstream: true,
		NotOver: map[string]string{"1.0": why, "1.1": why, "2": why + "; a draft for HTTP/2 has no implementation in browsers"},
		Summary: "A session over QUIC in which the server opens a stream and writes to it.",
	}
}

func (webTransport) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	return newLineFramer(&sub.Params, habits{}), nil
}

// Opens implements SocketTechnique.
func (t webTransport) Opens(r *http.Request) error {
	if v := httpVersion(r); v != "3" {
		return &SocketRefusal{Status: http.StatusHTTPVersionNotSupported, Reason: "no webtransport over HTTP/" + v + ": " + t.Info().NotOver[v]}
	}
	// http3 puts the :protocol of an extended CONNECT in the place of HTTP/3.0.
	if r.Method == http.MethodConnect && r.Proto != "webtransport" && r.Proto != "webtransport-h3" {
		return &SocketRefusal{Status: http.StatusNotImplemented, Reason: fmt.Sprintf("want :protocol webtransport-h3, not %.40q", r.Proto)}
	}
	return nil
}

// ServeSocket implements SocketTechnique.
func (t webTransport) ServeSocket(w http.ResponseWriter, r *http.Request, sub *Subscription) {
	server, ok := r.Context().Value(webTransportKey{}).(*webtransport.Server)
	f, err := t.Frame(r, sub)
	if err == nil && !ok {
		err = errors.New("this server was not started for QUIC")
	}
	if err != nil {
		sub.refused(http.StatusNotImplemented, err)
		fail(w, http.StatusNotImplemented, err.Error())
		return
	}
	session, err := server.Upgrade(w, r)
	if err != nil {
		sub.refused(http.StatusBadRequest, err)
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	sub.accepted(http.StatusOK)
	out, err := newTransportOutlet(session)
	if err != nil {
		sub.aborted("open stream: " + err.Error())
		_ = session.CloseWithError(sessionAborted, "") // it may be closed already
		return
	}
	reason, err := newStream(sub, f, out, 0).run(session.Context())
	if err != nil {
		out.abandon()
		return
	}
	out.close(reason)
}

type webTransportKey struct{}

// withWebTransport hands the sessions' server to the requests of a connection.
func withWebTransport(ctx context.Context, s *webtransport.Server) context.Context {
	return context.WithValue(ctx, webTransportKey{}, s)
}

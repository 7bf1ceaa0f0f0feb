package clients

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// sessionExchange opens a WebTransport session on a connection of its own and
// receives from the first unidirectional stream that the origin opens.
func (s *subscriber) sessionExchange(parent context.Context) outcome {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	x := &exchange{subscriber: s, cancel: cancel}
	defer x.stopGrace()
	config := s.dial.tls.Clone()
	config.ServerName = s.url.Hostname()
	config.NextProtos = []string{http3.NextProtoH3}
	qc := quicConfig()
	qc.EnableDatagrams, qc.EnableStreamResetPartialDelivery = true, true // the protocol asks for both
	conn, err := s.quic.open(ctx, hostPort(s.url), config, qc)
	if err != nil {
		return x.noAnswer(parent, err)
	}
	defer conn.close()
	x.conn.Store(int32(conn.number))
	opener := &webtransport.Transport{}
	defer opener.Close()
	client, err := opener.NewClientConn(conn.Conn)
	if err != nil {
		return x.noAnswer(parent, err)
	}
	resp, session, err := client.Dial(ctx, s.resumeURL().String(), s.sessionHeader())
	if resp != nil {
		x.head(resp, "")
	}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return outcome{}
	case resp == nil || resp.StatusCode/100 == 2:
		return x.noAnswer(parent, err)
	default:
		return x.refused(resp, orEmpty(resp.Body))
	}
	stop := context.AfterFunc(ctx, func() { _ = session.CloseWithError(0, "") })
	defer stop()
	stream, err := session.AcceptUniStream(ctx)
	if err != nil {
		x.stamp = now()
		return x.sessionEnd(parent, conn, err)
	}
	return x.lines(parent, conn, stream)
}

// sessionHeader is what a page's WebTransport object sends. The session's
// request has no place for a Host of its own.
func (s *subscriber) sessionHeader() http.Header {
	header := http.Header{"Origin": {s.url.Scheme + "://" + s.url.Host}}
	s.dress(header)
	return header
}

// lines receives until the stream or the session ends.
func (x *exchange) lines(parent context.Context, conn *quicConn, stream io.Reader) outcome {
	dec := &lineDecoder{}
	buf := make([]byte, 32<<10)
	for {
		n, err := stream.Read(buf)
		x.stamp = now()
		if n > 0 {
			if derr := dec.Feed(buf[:n], x.item); derr != nil {
				x.fail(derr.Error())
				return x.failed("a malformed stream")
			}
		}
		if err == nil {
			continue
		}
		if parent.Err() == nil {
			if derr := dec.End(x.item); derr != nil && x.ended == nil {
				x.fail(derr.Error())
			}
		}
		return x.sessionEnd(parent, conn, err)
	}
}

// sessionEnd reports how the stream and with it the session came to an end. An
// orderly close of the session may overtake the stream's own end: they travel
// on different streams.
func (x *exchange) sessionEnd(parent context.Context, conn *quicConn, err error) outcome {
	if parent.Err() != nil {
		return outcome{} // we left
	}
	var closed *webtransport.SessionError
	if err == io.EOF || (errors.As(err, &closed) && closed.Remote) {
		return x.end(measure.EndClean, false)
	}
	var reset *webtransport.StreamError
	if errors.As(err, &reset) && reset.Remote {
		return x.end(measure.EndRST, false)
	}
	// What remains is the end of the session's own stream, which is orderly
	// even without a word, unless the connection went down with it.
	kind := brokenOff(err)
	if kind == "" {
		kind = endOfConn(conn)
	}
	var local *http3.Error
	if kind == "" && errors.As(err, &local) && local.ErrorMessage == io.EOF.Error() {
		kind = measure.EndClean
	}
	if kind == "" && x.ended == nil {
		x.fail(fmt.Sprintf("read session: %v", err))
	}
	return x.end(kind, false)
}

// endOfConn says how the connection ended; empty when it goes on. The library
// tells streams before it tells the connection, hence the moment's wait.
func endOfConn(conn *quicConn) measure.EndKind {
	late := time.NewTimer(100 * time.Millisecond)
	defer late.Stop()
	select {
	case <-conn.Context().Done():
		return brokenOff(context.Cause(conn.Context()))
	case <-late.C:
		return ""
	}
}

var _ io.Reader = (*webtransport.ReceiveStream)(nil)

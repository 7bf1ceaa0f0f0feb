package clients

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// sessions starts an origin of WebTransport sessions. handle, if not nil,
// answers in place of an acceptance.
func sessions(t *testing.T, handle http.HandlerFunc, script func(r *http.Request, s *webtransport.Session)) *origin3 {
	t.Helper()
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{
		TLSConfig:  http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair.Certificate}}),
		QUICConfig: &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true},
	}
	conns := make(chan *quic.Conn, 16)
	h3.ConnContext = func(ctx context.Context, c *quic.Conn) context.Context {
		conns <- c
		return ctx
	}
	webtransport.ConfigureHTTP3Server(h3)
	srv := &webtransport.Server{H3: h3}
	h3.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle != nil {
			handle(w, r)
			return
		}
		s, err := srv.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		script(r, s)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(socket)
	}()
	t.Cleanup(func() { srv.Close(); socket.Close(); <-done })
	return &origin3{url: "https://" + socket.LocalAddr().String(), roots: pair.RootsPEM, srv: h3, conns: conns}
}

func TestWebTransport(t *testing.T) {
	asked := make(chan *http.Request, 1)
	o := sessions(t, nil, func(r *http.Request, s *webtransport.Session) {
		asked <- r
		stream, err := s.OpenUniStream()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(stream, hello+"\n"+msg1+"\n"+gap+"\nnonsense\n"+beat+"\n"+msg2+"\n"+done+"\n")
		_ = stream.Close()
		<-s.Context().Done()
	})
	s := o.at("webtransport")
	s.After = "e1-0"
	want(t, receive(t, s, nil), "dial #1", "headers 200 HTTP/3", "prelude e1-0", "message e1-1", "gap e1-53 missed=12",
		"error message is not a JSON object: nonsense", "heartbeat", "message e1-2", "end clean recycle-bytes")
	r := <-asked
	if r.Method != http.MethodConnect || r.URL.Query().Get("after") != "e1-0" || r.URL.Query().Get("channel") != "c" ||
		r.UserAgent() != UserAgent || r.Header.Get("Origin") != o.url {
		t.Errorf("asked %s %s %v", r.Method, r.URL, r.Header)
	}
}

func TestWebTransportEndings(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *webtransport.Session, stream *webtransport.SendStream, conn *quic.Conn)
		want []string
	}{
		"end of stream": {func(_ *webtransport.Session, stream *webtransport.SendStream, _ *quic.Conn) { _ = stream.Close() }, []string{"end clean"}},
		"session closed": {func(s *webtransport.Session, _ *webtransport.SendStream, _ *quic.Conn) {
			_ = s.CloseWithError(0, "")
		}, []string{"end clean"}},
		"stream reset": {func(_ *webtransport.Session, stream *webtransport.SendStream, _ *quic.Conn) { stream.CancelWrite(7) }, []string{"end rst"}},
		"connection closed": {func(_ *webtransport.Session, _ *webtransport.SendStream, conn *quic.Conn) {
			_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}, []string{"end fin"}},
		"connection closed for an error": {func(_ *webtransport.Session, _ *webtransport.SendStream, conn *quic.Conn) {
			_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeInternalError), "")
		}, []string{"end rst"}},
		"end of stream within a message": {func(_ *webtransport.Session, stream *webtransport.SendStream, _ *quic.Conn) {
			_, _ = io.WriteString(stream, msg2[:10])
			_ = stream.Close()
		}, []string{"error ended within a message, after 10 bytes: " + msg2[:10], "end clean"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{}, 1)
			var o *origin3
			o = sessions(t, nil, func(r *http.Request, s *webtransport.Session) {
				stream, err := s.OpenUniStream()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(stream, msg1+"\n")
				<-seen
				c.end(s, stream, <-o.conns)
				<-s.Context().Done()
			})
			got := receive(t, o.at("webtransport"), func(e measure.Event) {
				if e.Kind == measure.Received {
					seen <- struct{}{}
				}
			})
			want(t, got, append([]string{"dial #1", "headers 200 HTTP/3", "message e1-1"}, c.want...)...)
		})
	}
}

func TestWebTransportRefused(t *testing.T) {
	o := sessions(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "no such technique")
	}, nil)
	want(t, receive(t, o.at("webtransport"), nil), "dial #1", "headers 404 HTTP/3 text/plain",
		"error status 404 Not Found: no such technique", "end status")
	o = sessions(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusGone) }, nil)
	want(t, receive(t, o.at("webtransport"), nil), "dial #1", "headers 410 HTTP/3", "end status terminated")

	// HTTP/3, but nothing of sessions.
	o = serve3(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if got := receive(t, o.at("webtransport"), nil); !strings.HasPrefix(got, "dial #1\nerror ") || !strings.Contains(got, "server didn't enable") {
		t.Errorf("got\n%s", got)
	}
}

func TestLeavingWebTransport(t *testing.T) {
	gone := make(chan struct{})
	o := sessions(t, nil, func(r *http.Request, s *webtransport.Session) {
		stream, err := s.OpenUniStream()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(stream, hello+"\n")
		<-s.Context().Done()
		close(gone)
	})
	leaveAt(t, o.at("webtransport"), measure.Prelude)
	<-gone
}

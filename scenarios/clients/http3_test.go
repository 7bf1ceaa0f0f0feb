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

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// tlsWith is a server's configuration that knows these protocols.
func tlsWith(protocols ...string) *tls.Config {
	pair, err := selfsigned.New()
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair.Certificate}, NextProtos: protocols}
}

// tlsOrigin shakes hands with whoever comes, and hangs up when they do.
func tlsOrigin(t *testing.T, config *tls.Config) string {
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "https://" + l.Addr().String()
}

// origin3 is an HTTP/3 origin.
type origin3 struct {
	url   string
	roots []byte
	srv   *http3.Server
	conns chan *quic.Conn // each that is accepted
}

func serve3(t *testing.T, h http.HandlerFunc) *origin3 {
	t.Helper()
	pair, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	o := &origin3{url: "https://" + socket.LocalAddr().String(), roots: pair.RootsPEM, conns: make(chan *quic.Conn, 16)}
	o.srv = &http3.Server{
		Handler:   h,
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair.Certificate}}),
		ConnContext: func(ctx context.Context, c *quic.Conn) context.Context {
			o.conns <- c
			return ctx
		},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = o.srv.Serve(socket)
	}()
	t.Cleanup(func() { o.srv.Close(); socket.Close(); <-done })
	return o
}

// at3 subscribes to the origin.
func (o *origin3) at(technique string) measure.Subscription {
	s := at(technique, o.url+"/?channel=c&callback=cb")
	s.Target.HTTP, s.Target.RootsPEM = "3", o.roots
	return s
}

// Two answers of a poll come over one connection.
func TestHTTP3(t *testing.T) {
	n := 0
	o := serve3(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 3 || r.UserAgent() != UserAgent {
			t.Errorf("asked by %s, %v", r.Proto, r.Header)
		}
		if n++; n == 3 {
			w.WriteHeader(http.StatusGone)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		say(w, "["+msg1+"]")
	})
	s := o.at("long-poll")
	s.Resume = true
	answer := []string{"headers 200 HTTP/3 application/json", "message e1-1", "end clean"}
	want(t, receive(t, s, nil), append(append(append([]string{"dial #1"}, answer...), answer...), "headers 410 HTTP/3", "end status terminated")...)
}

// Each message is seen before the next is said.
func TestHTTP3IsPrompt(t *testing.T) {
	seen := make(chan string, 4)
	o := serve3(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, m := range []string{event(msg1, "e1-1"), event(msg2, "e1-2")} {
			say(w, m)
			<-seen
		}
	})
	got := receive(t, o.at("eventsource"), func(e measure.Event) {
		if e.Kind == measure.Received {
			seen <- e.ID
		}
	})
	want(t, got, "dial #1", "headers 200 HTTP/3 text/event-stream", "message e1-1", "message e1-2", "end clean")
}

// How a stream of HTTP/3 can end on the wire.
func TestHTTP3Endings(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(o *origin3, w http.ResponseWriter)
		want []string
	}{
		"end of stream": {func(*origin3, http.ResponseWriter) {}, []string{"end clean"}},
		"reset by the origin": {func(_ *origin3, w http.ResponseWriter) {
			panic(http.ErrAbortHandler)
		}, []string{"end rst"}},
		"connection closed": {func(o *origin3, _ http.ResponseWriter) {
			_ = (<-o.conns).CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}, []string{"end fin"}},
		"connection closed for an error": {func(o *origin3, _ http.ResponseWriter) {
			_ = (<-o.conns).CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeInternalError), "")
		}, []string{"end rst"}},
		"end notice, then a reset": {func(_ *origin3, w http.ResponseWriter) {
			say(w, done+"\n")
			<-w.(http3.HTTPStreamer).HTTPStream().Context().Done() // left by the client, after its grace
		}, []string{"end clean recycle-bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // one of them waits for the grace
			seen := make(chan struct{}, 1)
			var o *origin3
			o = serve3(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				say(w, msg1+"\n")
				<-seen
				c.end(o, w)
			})
			got := receive(t, o.at("xhr-streaming"), func(e measure.Event) {
				if e.Kind == measure.Received {
					seen <- struct{}{}
				}
			})
			want(t, got, append([]string{"dial #1", "headers 200 HTTP/3 text/plain", "message e1-1"}, c.want...)...)
		})
	}
}

// A body that ends before its length is cut, whatever its last frame says.
func TestHTTP3CutLength(t *testing.T) {
	body := "[" + msg1 + "]"
	o := serve3(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, body)
	})
	got := receive(t, o.at("long-poll"), nil)
	if !strings.Contains(got, "error answer cut after 71 bytes") || strings.Contains(got, "message") || strings.Contains(got, "clean") {
		t.Errorf("got\n%s", got)
	}
}

func TestLeavingHTTP3(t *testing.T) {
	gone := make(chan struct{})
	o := serve3(t, func(w http.ResponseWriter, r *http.Request) {
		say(w, hello+"\n")
		<-r.Context().Done()
		close(gone)
	})
	leaveAt(t, o.at("xhr-streaming"), measure.Prelude)
	<-gone
}

// A connection that is gone is dialled again, and the numbers say so.
func TestHTTP3Reconnects(t *testing.T) {
	n := 0
	seen := make(chan struct{}, 1)
	var o *origin3
	o = serve3(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 2 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		say(w, "retry: 1\n"+event(msg1, "e1-1"))
		<-seen
		_ = (<-o.conns).CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
	})
	s := o.at("eventsource")
	s.Resume = true
	got := receive(t, s, func(e measure.Event) {
		if e.Kind == measure.Received {
			seen <- struct{}{}
		}
	})
	want(t, got, "dial #1", "headers 200 HTTP/3 text/event-stream", "message e1-1", "end fin", "reconnect e1-1 fin",
		"dial #2", "headers 204 HTTP/3 #2", "end status terminated #2")
}

func TestHTTP3Untrusted(t *testing.T) {
	o := serve3(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	s := o.at("xhr-streaming")
	s.Target.RootsPEM = nil
	if got := receive(t, s, nil); !strings.HasPrefix(got, "error ") || !strings.Contains(got, "certificate") || strings.Contains(got, "\n") {
		t.Errorf("got\n%s", got)
	}
	s.Target.Insecure, s.Target.SourceAddr = true, "127.0.0.2"
	o = serve3(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.RemoteAddr, "127.0.0.2:") {
			t.Errorf("came from %s", r.RemoteAddr)
		}
		w.WriteHeader(http.StatusGone)
	})
	s.Target.URL = o.url
	want(t, receive(t, s, nil), "dial #1", "headers 410 HTTP/3", "end status terminated")
}

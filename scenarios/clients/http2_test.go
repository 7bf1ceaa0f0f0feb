package clients

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// frames2 answers each connection by prior knowledge of HTTP/2 with a head,
// one message and what the script does then. The script runs when the client
// has reported the message.
func frames2(t *testing.T, seen <-chan struct{}, script func(f *http2.Framer, c net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				f := http2.NewFramer(c, c)
				_ = f.WriteSettings()
				for {
					got, err := f.ReadFrame()
					if err != nil {
						return
					}
					if s, ok := got.(*http2.SettingsFrame); ok && !s.IsAck() {
						_ = f.WriteSettingsAck()
					}
					if got.Header().Type == http2.FrameHeaders {
						break
					}
				}
				var head bytes.Buffer
				enc := hpack.NewEncoder(&head)
				_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
				_ = enc.WriteField(hpack.HeaderField{Name: "content-type", Value: "text/plain"})
				_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true})
				_ = f.WriteData(1, false, []byte(msg1+"\n"))
				<-seen
				script(f, c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wait.Wait() })
	return "http://" + l.Addr().String()
}

// How a stream of HTTP/2 can end on the wire.
func TestHTTP2Endings(t *testing.T) {
	// rest reads until the client is gone, so that closing resets nothing.
	rest := func(f *http2.Framer) {
		for {
			if _, err := f.ReadFrame(); err != nil {
				return
			}
		}
	}
	half := func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() }
	for name, c := range map[string]struct {
		script func(f *http2.Framer, c net.Conn)
		want   []string
	}{
		"end of stream": {func(f *http2.Framer, _ net.Conn) { _ = f.WriteData(1, true, nil); rest(f) }, []string{"end clean"}},
		"reset by the origin": {func(f *http2.Framer, _ net.Conn) {
			_ = f.WriteRSTStream(1, http2.ErrCodeInternal)
			rest(f)
		}, []string{"end rst"}},
		"goaway, then the end of stream": {func(f *http2.Framer, _ net.Conn) {
			_ = f.WriteGoAway(1, http2.ErrCodeNo, nil)
			_ = f.WriteData(1, true, nil)
			rest(f)
		}, []string{"end clean"}},
		"goaway, then a close": {func(f *http2.Framer, c net.Conn) {
			_ = f.WriteGoAway(1, http2.ErrCodeNo, nil)
			half(c)
			rest(f)
		}, []string{"end rst"}},
		"goaway that leaves the stream out": {func(f *http2.Framer, c net.Conn) {
			_ = f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil)
			rest(f)
		}, []string{"end rst"}},
		"close":            {func(f *http2.Framer, c net.Conn) { half(c); rest(f) }, []string{"end fin"}},
		"connection reset": {func(_ *http2.Framer, c net.Conn) { reset(c) }, []string{"end rst"}},
		"end notice, then a reset": {func(f *http2.Framer, _ net.Conn) {
			_ = f.WriteData(1, false, []byte(done+"\n"))
			_ = f.WriteRSTStream(1, http2.ErrCodeInternal)
			rest(f)
		}, []string{"end clean recycle-bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{}, 1)
			s := at("xhr-streaming", frames2(t, seen, c.script))
			s.Target.HTTP = "2"
			var end measure.Event
			got := receive(t, s, func(e measure.Event) {
				switch e.Kind {
				case measure.Received:
					seen <- struct{}{}
				case measure.End:
					end = e
				}
			})
			if alone := name == "reset by the origin"; end.StreamReset != alone {
				t.Errorf("the stream alone was reset: %v, want %v", end.StreamReset, alone)
			}
			want(t, got, append([]string{"dial #1", "headers 200 HTTP/2 text/plain", "message e1-1"}, c.want...)...)
		})
	}
}

// cleartext starts an origin that knows HTTP/2 beforehand, and nothing else.
func cleartext(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewUnstartedServer(h)
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

// Answers of one subscription share a connection, also through a proxy, which
// can only be tunnelled through.
func TestHTTP2PriorKnowledge(t *testing.T) {
	for _, proxied := range []bool{false, true} {
		n := 0
		s := at("long-poll", cleartext(t, func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 || r.TLS != nil {
				t.Errorf("asked by %s", r.Proto)
			}
			if n++; n == 3 {
				w.WriteHeader(http.StatusGone)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			say(w, "["+msg1+"]")
		}))
		s.Target.HTTP, s.Resume = "2", true
		if proxied {
			f := forwarding(t, nil)
			s.Target.Proxy = f.url
			defer func() { want(t, f.saw(), "CONNECT "+strings.TrimPrefix(s.Target.URL, "http://")+" HTTP/1.1") }()
		}
		answer := []string{"headers 200 HTTP/2 application/json", "message e1-1", "end clean"}
		want(t, receive(t, s, nil), append(append(append([]string{"dial #1"}, answer...), answer...), "headers 410 HTTP/2", "end status terminated")...)
	}
}

// Who asks for HTTP/2 and gets less is told so, and measures nothing else.
func TestHTTP2Refused(t *testing.T) {
	mute := func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "PRI" { // that is the preface of HTTP/2, in the eyes of HTTP/1
			t.Errorf("asked %s by %s", r.Method, r.Proto)
		}
	}
	for name, c := range map[string]struct {
		start func(s *httptest.Server)
		want  string
	}{
		"no ALPN":       {func(s *httptest.Server) { s.StartTLS() }, "no application protocol"},
		"only HTTP/1.1": {func(s *httptest.Server) { s.TLS = tlsWith("http/1.1"); s.StartTLS() }, "no application protocol"},
		"plain HTTP/1":  {func(s *httptest.Server) { s.Start() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(http.HandlerFunc(mute))
			srv.Config.ErrorLog = quiet()
			c.start(srv)
			t.Cleanup(srv.Close)
			s := at("xhr-streaming", srv.URL)
			s.Target.HTTP, s.Target.Insecure = "2", true
			got := receive(t, s, nil)
			if !strings.HasPrefix(got, "dial #1\nerror ") || !strings.Contains(got, c.want) || strings.Contains(got, "headers") {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

// A peer that knows no ALPN at all shakes hands and means HTTP/1.1.
func TestHTTP2WithoutALPN(t *testing.T) {
	s := at("xhr-streaming", tlsOrigin(t, tlsWith()))
	s.Target.HTTP, s.Target.Insecure = "2", true
	want(t, receive(t, s, nil), "dial #1", `error 127.0.0.1 does not speak HTTP/2: of the offer h2 it chose ""`)
}

func TestLeavingHTTP2(t *testing.T) {
	gone := make(chan struct{})
	s := at("xhr-streaming", cleartext(t, func(w http.ResponseWriter, r *http.Request) {
		say(w, hello+"\n")
		<-r.Context().Done()
		close(gone)
	}))
	s.Target.HTTP = "2"
	leaveAt(t, s, measure.Prelude)
	<-gone
}

// leaveAt subscribes until an event of that kind, and holds that no end is
// reported, for nobody made one.
func leaveAt(t *testing.T, s measure.Subscription, kind measure.EventKind) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &timeline{t: t, on: func(e measure.Event) {
		if e.Kind == kind {
			cancel()
		}
	}}
	if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
		t.Fatal(err)
	}
	if told := l.told(); strings.Contains(told, "end") || strings.Contains(told, "error") || !strings.Contains(told, string(kind)) {
		t.Errorf("got\n%s", told)
	}
}

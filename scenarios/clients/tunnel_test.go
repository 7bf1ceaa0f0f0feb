package clients

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// forward is a forward proxy that notes each request line it got.
type forward struct {
	url   string
	mu    sync.Mutex
	lines []string
}

func (f *forward) saw() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.lines, "\n")
}

// forwarding starts a forward proxy. refuse, if not nil, answers instead.
func forwarding(t *testing.T, refuse http.HandlerFunc) *forward {
	f := &forward{}
	f.url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		line := fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, r.Proto)
		if auth := r.Header.Get("Proxy-Authorization"); auth != "" {
			line += " " + auth
		}
		f.mu.Lock()
		f.lines = append(f.lines, line)
		f.mu.Unlock()
		if refuse != nil {
			refuse(w, r)
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer up.Close()
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if r.Method == http.MethodConnect {
			_, _ = io.WriteString(c, "HTTP/1.1 200 Fine\r\n\r\n")
		} else if err := r.Write(up); err != nil {
			t.Error(err)
			return
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(c, up); c.Close() })
		both.Go(func() { _, _ = io.Copy(up, c); up.Close() })
		both.Wait()
	})
	return f
}

func TestThroughAForwardProxy(t *testing.T) {
	stream := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Content-Type", "text/event-stream")
			say(w, event(msg1, "e1-1"))
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		tellSocket(t, c, msg1)
		_ = c.Close(websocket.StatusNormalClosure, "")
	}
	plain := serve(t, stream)
	secure := httptest.NewTLSServer(http.HandlerFunc(stream))
	t.Cleanup(secure.Close)
	host := strings.TrimPrefix(plain, "http://")
	tlsHost := strings.TrimPrefix(secure.URL, "https://")
	const auth = " Basic bWU6c2VjcmV0"
	for _, c := range []struct{ name, technique, url, http, via, want string }{
		{"stream", "eventsource", plain, "1.1", "", "GET http://" + host + "/ HTTP/1.1" + auth},
		{"stream, HTTP/1.0", "eventsource", plain, "1.0", "", "GET http://" + host + "/ HTTP/1.0" + auth},
		{"stream over TLS", "eventsource", secure.URL, "1.1", "", "CONNECT " + tlsHost + " HTTP/1.1" + auth},
		{"stream over TLS, HTTP/1.0", "eventsource", secure.URL, "1.0", "", "CONNECT " + tlsHost + " HTTP/1.1" + auth},
		{"socket", "websocket", plain, "1.1", "", "CONNECT " + host + " HTTP/1.1" + auth},
		{"socket by CONNECT", "websocket", plain, "1.1", "connect", "CONNECT " + host + " HTTP/1.1" + auth},
		{"socket by GET", "websocket", plain, "1.1", "get", "GET http://" + host + "/ HTTP/1.1" + auth},
		{"socket over TLS", "websocket", secure.URL, "1.1", "", "CONNECT " + tlsHost + " HTTP/1.1" + auth},
		{"socket over TLS by GET", "websocket", secure.URL, "1.1", "get", "CONNECT " + tlsHost + " HTTP/1.1" + auth},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := forwarding(t, nil)
			s := at(c.technique, c.url+"/")
			s.Target.Proxy = strings.Replace(f.url, "http://", "http://me:secret@", 1)
			s.Target.HTTP, s.Target.SocketVia, s.Target.Insecure = c.http, c.via, true
			got := receive(t, s, nil)
			if !strings.HasPrefix(got, "dial #1\nheaders ") || !strings.Contains(got, "\nmessage e1-1\nend ") {
				t.Errorf("got\n%s", got)
			}
			want(t, f.saw(), c.want)
		})
	}
}

// A proxy that refuses is quoted, and an EventSource takes it for a network
// error, as browsers do.
func TestProxyRefuses(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusProxyAuthRequired)
		_, _ = io.WriteString(w, "<b>who are you</b>")
	}
	const page = "<b>who are you</b>"
	for _, c := range []struct {
		technique, url string
		want           []string
	}{
		{"eventsource", "http://origin.example/", []string{"headers 407 HTTP/1.1 text/html",
			"error status 407 Proxy Authentication Required: " + page, "end status"}},
		{"eventsource", "https://origin.example/", []string{"headers 407 HTTP/1.1 text/html answer of the proxy to CONNECT",
			"error proxy refused CONNECT: 407 Proxy Authentication Required: " + page, "end status"}},
		{"websocket", "http://origin.example/", []string{"headers 407 HTTP/1.1 text/html answer of the proxy to CONNECT",
			"error proxy refused CONNECT: 407 Proxy Authentication Required: " + page, "end status"}},
	} {
		t.Run(c.technique+" "+c.url, func(t *testing.T) {
			s := at(c.technique, c.url)
			s.Target.Proxy = forwarding(t, refuse).url
			want(t, receive(t, s, nil), append([]string{"dial #1"}, c.want...)...)
		})
	}
}

// A proxy that accepts a tunnel and then says nothing must not hold up a
// client that leaves.
func TestLeavingAMuteProxy(t *testing.T) {
	for _, technique := range []string{"websocket", "eventsource"} {
		s := at(technique, "https://origin.example/")
		s.Target.Proxy = rawOrigin(t, func(_ *http.Request, c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := &timeline{t: t, on: func(measure.Event) { cancel() }}
		if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
			t.Fatal(err)
		}
		want(t, l.told(), "dial #1")
	}
}

func rootsOf(srv *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
}

func TestHTTP2(t *testing.T) {
	abort := make(chan struct{}, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("asked by %s", r.Proto)
		}
		w.Header().Set("Content-Type", "text/plain")
		say(w, msg1+"\n")
		if r.URL.Path == "/reset" {
			<-abort
			panic(http.ErrAbortHandler)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	proxied := forwarding(t, nil).url
	for _, c := range []struct{ path, proxy, end string }{
		{"/", "", "end clean"}, {"/", proxied, "end clean"}, {"/reset", "", "end rst"},
	} {
		s := at("xhr-streaming", srv.URL+c.path)
		s.Target.HTTP, s.Target.RootsPEM, s.Target.Proxy = "2", rootsOf(srv), c.proxy
		got := receive(t, s, func(e measure.Event) {
			if e.Kind == measure.Received && c.path == "/reset" {
				abort <- struct{}{}
			}
		})
		want(t, got, "dial #1", "headers 200 HTTP/2 text/plain", "message e1-1", c.end)
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say(w, msg1+"\n")
	}))
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	for _, version := range []string{"1.0", "1.1"} {
		s := at("xhr-streaming", srv.URL)
		s.Target.HTTP = version
		got := receive(t, s, nil)
		if !strings.HasPrefix(got, "dial #1\nerror ") || !strings.Contains(got, "certificate") || strings.Contains(got, "end") {
			t.Errorf("unknown certificate over HTTP/%s: got\n%s", version, got)
		}
		for _, trust := range []func(){func() { s.Target.RootsPEM = rootsOf(srv) }, func() { s.Target.RootsPEM, s.Target.Insecure = nil, true }} {
			trust()
			if got := receive(t, s, nil); !strings.Contains(got, "message e1-1") {
				t.Errorf("got\n%s", got)
			}
		}
	}
}

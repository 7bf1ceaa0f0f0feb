package reference

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

// certificate is made once for all tests.
var certificate = sync.OnceValue(func() selfsigned.Pair {
	pair, err := selfsigned.New()
	if err != nil {
		panic(err)
	}
	return pair
})

func trusting() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate().RootsPEM)
	return &tls.Config{RootCAs: roots}
}

// origin is a server on loopback: plain, over TLS, and over QUIC on the port
// of TLS.
type origin struct {
	*Server
	t                *testing.T
	plain, encrypted string // addresses
}

func everywhere(t *testing.T, c Config) *origin {
	t.Helper()
	c.Record = true
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	plain, encrypted := listen(), listen()
	udp, err := net.ListenPacket("udp", encrypted.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 3)
	go func() { served <- s.Serve(ctx, plain) }()
	go func() { served <- s.ServeTLS(ctx, encrypted, certificate().Certificate) }()
	go func() { served <- s.ServeQUIC(ctx, udp, certificate().Certificate) }()
	t.Cleanup(func() {
		cancel()
		for range cap(served) {
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return &origin{Server: s, t: t, plain: plain.Addr().String(), encrypted: encrypted.Addr().String()}
}

// speaks are the ways to reach the origin, each with the version that the
// record must show.
func (o *origin) speaks() map[string]string {
	return map[string]string{
		"http/1.0": "1.0", "http/1.1": "1.1", "h2c": "2", "https/1.0": "1.0", "https/1.1": "1.1", "https/2": "2", "https/3": "3",
	}
}

// request sends a request in one of those ways and returns the answer.
func (o *origin) request(ctx context.Context, way, method, target string) *http.Response {
	o.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, o.url(way)+target, http.NoBody)
	if err != nil {
		o.t.Fatal(err)
	}
	resp, err := o.client(way).RoundTrip(req)
	if err != nil {
		o.t.Fatalf("%s: %v", way, err)
	}
	o.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (o *origin) url(way string) string {
	if strings.HasPrefix(way, "https") {
		return "https://" + o.encrypted
	}
	return "http://" + o.plain
}

func (o *origin) client(way string) http.RoundTripper {
	o.t.Helper()
	switch way {
	case "http/1.0", "https/1.0":
		return onePointZero{strings.HasPrefix(way, "https")}
	case "https/3":
		tr := &http3.Transport{TLSClientConfig: trusting()}
		o.t.Cleanup(func() { tr.Close() })
		return tr
	}
	tr := &http.Transport{TLSClientConfig: trusting(), Protocols: new(http.Protocols), DisableCompression: true}
	tr.Protocols.SetHTTP1(strings.HasSuffix(way, "1.1"))
	tr.Protocols.SetHTTP2(way == "https/2")
	tr.Protocols.SetUnencryptedHTTP2(way == "h2c")
	o.t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// onePointZero asks in HTTP/1.0, which net/http does not.
type onePointZero struct{ encrypted bool }

func (c onePointZero) RoundTrip(r *http.Request) (*http.Response, error) {
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(r.Context(), func() { conn.Close() })
	if c.encrypted {
		conf := trusting()
		conf.ServerName, conf.NextProtos = "127.0.0.1", []string{"http/1.0"}
		conn = tls.Client(conn, conf)
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.0\r\nHost: o\r\nContent-Length: 0\r\n\r\n", r.Method, r.URL.RequestURI())
	return http.ReadResponse(bufio.NewReader(conn), r)
}

// TestVersions: each technique, over each version it claims, brings a message
// when it was published, ends cleanly, and its peer's leaving is noticed.
func TestVersions(t *testing.T) {
	o := everywhere(t, Config{})
	for way, version := range o.speaks() {
		for _, tech := range singles() {
			info := tech.Info()
			if info.Class == Socket || !slices.Contains(info.HTTP, version) {
				continue
			}
			t.Run(way+"/"+tech.Name(), func(t *testing.T) {
				o := *o
				o.t = t
				channel := strings.ReplaceAll(way, "/", "-") + "-" + tech.Name()
				target := "/t/" + tech.Name() + "?callback=f&close_after=1ms&limit=1&length=2000&channel=" + channel
				if info.Class == Poll {
					o.publish(channel)
				}
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if info.Class != Stream { // a held answer has no head before it ends
					if info.Class == Held {
						go func() {
							awaitRecord(t, o.Server, channel, kindHeaders)
							o.publish(channel)
						}()
					}
					o.complete(o.request(ctx, way, info.Methods[0], target))
					return
				}
				resp := o.request(ctx, way, info.Methods[0], target)
				body := bufio.NewReader(resp.Body)
				if first := readUntil(t, body, `"hello"`); strings.Contains(first, "sent_us") {
					t.Fatalf("before anything was published: %q", first)
				}
				o.publish(channel)
				readUntil(t, body, "sent_us") // it comes while the stream is open
				resp.Body = io.NopCloser(body)
				o.complete(resp)
				if e := awaitRecord(t, o.Server, channel, kindHeaders); e.HTTP != version || e.Conn == 0 || e.Method != info.Methods[0] {
					t.Errorf("recorded %+v", e)
				}

				resp = o.request(ctx, way, info.Methods[0], target+"-left")
				readUntil(t, bufio.NewReader(resp.Body), `"hello"`)
				leave()
				resp.Body.Close()
				awaitRecord(t, o.Server, channel+"-left", kindAbortNoticed)
			})
		}
	}
}

func (o *origin) publish(channel string) {
	if _, err := o.hub.Publish(channel, "text/plain", []byte("x"), 0); err != nil {
		o.t.Error(err)
	}
}

// complete reads an answer to its end.
func (o *origin) complete(resp *http.Response) {
	o.t.Helper()
	if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
		o.t.Errorf("%s: %v after %q", resp.Status, err, b)
	}
}

// readUntil reads until a text is in what was read.
func readUntil(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	var got []byte
	for !strings.Contains(string(got), text) {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatalf("no %s in %q: %v", text, got, err)
		}
		got = append(got, c)
	}
	return string(got)
}

// TestVersionsAreComplete: a technique works over a version, or says why not.
func TestVersionsAreComplete(t *testing.T) {
	for _, tech := range singles() {
		info := tech.Info()
		for _, v := range HTTPVersions() {
			if why := info.NotOver[v]; slices.Contains(info.HTTP, v) == (why != "") {
				t.Errorf("%s over HTTP/%s: listed with reason %q", tech.Name(), v, why)
			}
		}
		if len(info.HTTP)+len(info.NotOver) != len(HTTPVersions()) {
			t.Errorf("%s: %v and %v", tech.Name(), info.HTTP, info.NotOver)
		}
	}
}

// TestVersionsNotAnswered: the reason is in the answer.
func TestVersionsNotAnswered(t *testing.T) {
	all := HTTPVersions()
	for _, version := range all {
		t.Run(version, func(t *testing.T) {
			o := everywhere(t, Config{HTTP: slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v == version })})
			for way, v := range o.speaks() {
				if v == version && (v == "2" || way == "https/1.0") {
					continue // refused by ALPN, or before there is a request
				}
				resp := o.request(t.Context(), way, "GET", "/healthz")
				b, err := io.ReadAll(resp.Body)
				if err != nil || (resp.StatusCode == 505) != (v == version) || (v == version) != strings.Contains(string(b), "HTTP/"+version) {
					t.Errorf("%s: %s %q, %v", way, resp.Status, b, err)
				}
			}
		})
	}
	t.Run("ALPN", func(t *testing.T) {
		o := everywhere(t, Config{HTTP: []string{"1.1"}})
		conf := trusting()
		conf.NextProtos = []string{"h2"}
		if conn, err := tls.Dial("tcp", o.encrypted, conf); err == nil {
			conn.Close()
			t.Error("h2 was agreed on")
		}
	})
	if _, err := New(Config{HTTP: []string{"1"}}); err == nil {
		t.Error("an unknown version is taken")
	}
}

// TestSocketsOverOtherVersions: what they do not work over is said.
func TestSocketsOverOtherVersions(t *testing.T) {
	o := everywhere(t, Config{})
	for way, version := range o.speaks() {
		for _, tech := range singles() {
			info := tech.Info()
			if info.Class != Socket || info.NotOver[version] == "" {
				continue
			}
			resp := o.request(t.Context(), way, "GET", "/t/"+tech.Name()+"?channel=c")
			b, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode < 400 || !(strings.Contains(string(b), info.NotOver[version]) || strings.Contains(string(b), "over HTTP/")) {
				t.Errorf("%s over %s: %s %q, %v", tech.Name(), way, resp.Status, b, err)
			}
		}
	}
}

// TestSlowOverVersions: a reader that stops is disconnected by the means of its
// stream, and others on its connection go on.
func TestSlowOverVersions(t *testing.T) {
	o := everywhere(t, Config{})
	for _, way := range []string{"h2c", "https/1.1", "https/2", "https/3"} {
		t.Run(way, func(t *testing.T) {
			o := *o
			o.t = t
			client := o.client(way)
			ask := func(target string) *http.Response {
				req, err := http.NewRequestWithContext(t.Context(), "GET", o.url(way)+target, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			channel := strings.ReplaceAll(way, "/", "-")
			stalled := ask("/t/eventsource?recycle_bytes=0&channel=" + channel)
			defer stalled.Body.Close()
			for n := 0; o.hub.Subscribers(channel) > 0; n++ {
				if n > 8000 {
					t.Fatal("64 MB unread, and still served")
				}
				if _, err := o.hub.Publish(channel, "text/plain", make([]byte, 8<<10), 0); err != nil {
					t.Fatal(err)
				}
			}
			if e := awaitRecord(t, o.Server, channel, kindEnd); e.Note != ReasonSlow {
				t.Errorf("ended with %q", e.Note)
			}
			other := ask("/t/short-poll?limit=1&channel=" + channel)
			defer other.Body.Close()
			o.complete(other)
		})
	}
}

// transport opens a WebTransport session and returns its one stream.
func (o *origin) transport(query string) (*webtransport.Session, io.Reader) {
	o.t.Helper()
	d := &webtransport.Transport{TLSClientConfig: trusting()}
	o.t.Cleanup(func() { d.Close() })
	ctx, cancel := context.WithTimeout(o.t.Context(), 20*time.Second)
	defer cancel()
	_, session, err := d.Dial(ctx, "https://"+o.encrypted+"/t/webtransport?"+query, http.Header{"Origin": {"https://elsewhere.example"}})
	if err != nil {
		o.t.Fatal(err)
	}
	stream, err := session.AcceptUniStream(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	return session, stream
}

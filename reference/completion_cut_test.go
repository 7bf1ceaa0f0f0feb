package reference

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
)

// TestCompletionCut: what was asked for has arrived, nothing follows, and only
// a clean cut ends the body.
func TestCompletionCut(t *testing.T) {
	for _, by := range []string{"fin", "rst", "clean"} {
		for _, more := range []string{"", "&flush=0", "&compress=gzip", "&compress=gzip&flush=0"} {
			t.Run(by+more, func(t *testing.T) {
				inBubble(t, Config{}, func(t *testing.T, b *bench) {
					c := b.open(chat("tokens=9&rate=10&cut=3&cut_by="+by+more, hello))
					time.Sleep(200*time.Millisecond - 1)
					if c.hungUp() {
						t.Fatal("cut early")
					}
					time.Sleep(time.Nanosecond)
					resp, body, complete := c.answer()
					if resp.StatusCode != 200 || complete != (by == "clean") || c.hungUp() == complete {
						t.Errorf("%s, complete %v, closed %v", resp.Status, complete, c.hungUp())
					}
					if strings.Contains(more, "gzip") {
						var err error
						if body, err = gunzip(body); (err == nil) != complete {
							t.Errorf("the compression ends with %v", err)
						}
					}
					if d := listen(t, body); len(d.tokens) != 3 || d.finish != "" || d.done {
						t.Errorf("%+v", d)
					}
					if n := b.completing(); n != 0 {
						t.Errorf("%d completions after the cut", n)
					}
				})
			})
		}
	}
}

// TestCompletionCutOverSockets looks at how the connection ends.
func TestCompletionCutOverSockets(t *testing.T) {
	o := everywhere(t, Config{})
	dial := map[string]func() (net.Conn, error){
		"plain": func() (net.Conn, error) { return net.Dial("tcp", o.plain) },
		"TLS":   func() (net.Conn, error) { return tls.Dial("tcp", o.encrypted, trusting()) },
	}
	for name, dial := range dial {
		for by, want := range map[string]error{"fin": io.ErrUnexpectedEOF, "rst": syscall.ECONNRESET, "clean": nil} {
			t.Run(name+" "+by, func(t *testing.T) {
				conn, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, chat("tokens=3&rate=100&cut=1&cut_by="+by, hello)); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if !errors.Is(err, want) || resp.StatusCode != 200 {
					t.Errorf("%s, ends with %v, want %v", resp.Status, err, want)
				}
				if d := listen(t, string(body)); d.done || (by != "rst" && len(d.tokens) != 1) {
					t.Errorf("%+v", d)
				}
			})
		}
	}
}

// TestCompletionCutResetsStream: over HTTP/2 and 3 a cut ends the request's
// stream and leaves the connection alone. A reset overtakes in QUIC what the
// client has not read, even the status.
func TestCompletionCutResetsStream(t *testing.T) {
	o := everywhere(t, Config{})
	over2 := &http.Transport{TLSClientConfig: trusting(), Protocols: new(http.Protocols)}
	over2.Protocols.SetHTTP2(true)
	defer over2.CloseIdleConnections()
	over3 := &http3.Transport{TLSClientConfig: trusting()}
	defer over3.Close()
	for major, transport := range map[int]http.RoundTripper{2: over2, 3: over3} {
		before := o.accepted.Load()
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		ask := func(query string) (proto int, body string, err error) {
			resp, err := client.Post("https://"+o.encrypted+completionsPath+"?"+query, "application/json", strings.NewReader(hello))
			if err != nil {
				return 0, "", err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return resp.ProtoMajor, string(b), err
		}
		for _, by := range []string{"fin", "rst", "clean"} {
			proto, body, err := ask("tokens=3&rate=100&cut=1&cut_by=" + by)
			if (err == nil) != (by == "clean") || listen(t, body).done || (proto != major && (proto != 0 || major != 3)) {
				t.Errorf("HTTP/%d %s: over %d, ends with %v: %q", major, by, proto, err, body)
			}
		}
		if proto, body, err := ask("tokens=3&rate=100"); err != nil || !listen(t, body).done || proto != major {
			t.Errorf("HTTP/%d afterwards: over %d, %v", major, proto, err)
		}
		if n := o.accepted.Load() - before; n != 1 && major == 2 { // quic-go's client gives a connection up when an answer fails
			t.Errorf("%d connections for all requests over HTTP/2", n)
		}
	}
}

package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// rawApp is an application that does with each connection what script says.
func rawApp(t testing.TB, script func(c net.Conn, in *bufio.Reader)) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				script(c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "http://" + ln.Addr().String()
}

// patience bounds what a test waits for.
const patience = 20 * time.Second

// gateway starts one in front of a spec.
func gateway(t testing.TB, s *app.Spec, requests int) *app.Gateway {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	g, err := app.NewGateway(s, app.NewBudget(requests), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// dial connects as a path does.
func dial(t testing.TB, g *app.Gateway) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", g.URL().Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// kinds tells a record in a line.
func kinds(record []measure.Event) string {
	var words []string
	for _, e := range record {
		word := string(e.Kind)
		switch e.Kind {
		case measure.Headers:
			word += fmt.Sprintf("(%s %s %d)", e.Method, e.HTTP, e.Status)
		case measure.Write:
			word += "(" + e.ID + ")"
		case measure.End:
			word += "(" + strings.TrimSpace(string(e.EndKind)+" "+e.Note) + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// recorded closes the gateway and returns its record.
func recorded(t testing.TB, g *app.Gateway) string {
	t.Helper()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	return kinds(g.Record())
}

// TestGatewayPassesRequests: byte for byte, but for what names the
// application's address.
func TestGatewayPassesRequests(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"
	for _, tt := range []struct{ name, sent, want string }{
		{"GET", "GET /a%2Fb?x=1 HTTP/1.1\r\nhOST: 127.0.0.1:1\r\naccept:*/*\r\nX-B:  two \r\n\r\n", "GET /a%2Fb?x=1 HTTP/1.1\r\nHost: APP\r\naccept:*/*\r\nX-B:  two \r\n\r\n"},
		{"a page's origin", "GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://127.0.0.1:1\r\n\r\n", "GET / HTTP/1.1\r\nHost: APP\r\nOrigin: http://APP\r\n\r\n"},
		{"a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na\r\n\r\n", "POST / HTTP/1.1\r\nHost: APP\r\nContent-Length: 5\r\n\r\na\r\n\r\n"},
		{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;ext=1\r\n\r\n\r\nB\r\nhello world\r\n0\r\nX-Trailer: 1\r\n\r\n", "POST / HTTP/1.1\r\nHost: APP\r\nTransfer-Encoding: chunked\r\n\r\n2;ext=1\r\n\r\n\r\nB\r\nhello world\r\n0\r\nX-Trailer: 1\r\n\r\n"},
		{"no chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nHost: APP\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", "GET / HTTP/1.0\r\nHost: APP\r\n\r\n"},
		{"bare line feeds, lines in front", "\r\n\nGET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\nHost: APP\r\n\n"},
		{"a whole URL as target", "GET http://127.0.0.1:1/a%2Fb?x=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", "GET /a%2Fb?x=1 HTTP/1.1\r\nHost: APP\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan string, 1)
			url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
				buf := make([]byte, len(tt.want)*2)
				n := 0
				for want := strings.Count(tt.want, "") - 1 + strings.Count(tt.want, "APP")*(len(c.LocalAddr().String())-len("APP")); n < want; {
					k, err := in.Read(buf[n:])
					n += k
					if err != nil {
						break
					}
				}
				got <- string(buf[:n])
				_, _ = io.WriteString(c, answer)
			})
			g := gateway(t, &app.Spec{URL: url + "/x"}, 0)
			c := dial(t, g)
			if _, err := io.WriteString(c, tt.sent); err != nil {
				t.Fatal(err)
			}
			passed := make([]byte, len(answer))
			if _, err := io.ReadFull(c, passed); err != nil || string(passed) != answer {
				t.Errorf("answer %q, %v", passed, err)
			}
			if want := strings.ReplaceAll(tt.want, "APP", strings.TrimPrefix(url, "http://")); <-got != want {
				t.Errorf("the application was not asked %q", want)
			}
		})
	}
}

// TestGatewayHost: a name that the spec gives itself is the one to be used.
func TestGatewayHost(t *testing.T) {
	heads := make(chan http.Header, 1)
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		req, err := http.ReadRequest(in)
		if err == nil {
			req.Header.Set("Host", req.Host)
			heads <- req.Header
		}
	})
	g := gateway(t, &app.Spec{URL: url, Headers: map[string]string{"host": "virtual.example", "Origin": "https://page.example"}}, 0)
	_, _ = io.WriteString(dial(t, g), "GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://page.example\r\n\r\n")
	if h := <-heads; h.Get("Host") != "virtual.example" || h.Get("Origin") != "https://page.example" {
		t.Errorf("%v", h)
	}
}

// TestGatewayReadsAlong: answers pass byte for byte, and are written down.
func TestGatewayReadsAlong(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	const sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	for _, tt := range []struct {
		name, ask, answer string
		close             bool
		want              string
	}{
		{"chunks", get, sse + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n11\r\n: x\ndata: 2\n\ndata\r\n5\r\n: 3\n\n\r\n0\r\n\r\n", false,
			"headers(GET 1.1 200) write(1) heartbeat write(2) write(3) end(clean)"},
		{"a length", get, sse + "Content-Length: 18\r\n\r\ndata: 1\n\ndata: 2\n\n", false, "headers(GET 1.1 200) write(1) write(2) end(clean)"},
		{"up to the close", get, sse + "\r\ndata: 1\n\n", true, "headers(GET 1.1 200) write(1) end(fin)"},
		{"cut in a chunk", get, sse + "Transfer-Encoding: chunked\r\n\r\n12\r\ndata: 1\n\n", true, "headers(GET 1.1 200) write(1) error end(fin)"},
		{"the end mark", get, sse + "Content-Length: 24\r\n\r\ndata: 1\n\ndata: [DONE]\n\nxx", false, "headers(GET 1.1 200) write(1) end(clean [DONE])"},
		{"not from the start", get, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sse + "Content-Length: 9\r\n\r\ndata: 1\n\n", false, "headers(GET 1.1 200) write(1) end(clean)"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", sse + "Content-Length: 9\r\n\r\n", false, "headers(HEAD 1.1 200) end(clean)"},
		{"refused", get, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nno!\n", false, "headers(GET 1.1 401) error end(clean)"},
		{"redirected", get, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", false, "headers(GET 1.1 302) error end(clean)"},
		{"no content", get, "HTTP/1.1 204 No Content\r\n\r\n", false, "headers(GET 1.1 204) end(clean)"},
		{"no answer", get, "", true, "headers(GET 1.1 0) error end(fin)"},
		{"half a head", get, "HTTP/1.1 200 OK\r\nX: y\r\n", true, "headers(GET 1.1 0) error end(fin)"},
		{"no HTTP at all", get, "SSH-2.0-x\r\n", true, "headers(GET 1.1 0) error end(fin)"},
		{"a type that tells no framing", get, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nabcd", false, "headers(GET 1.1 200) error end(clean)"},
		{"not the framing it claims", get, sse + "Content-Length: 6\r\n\r\n<html>", false, "headers(GET 1.1 200) error end(clean)"},
		{"an encoding that nobody asked for", get, sse + "Content-Encoding: br\r\nContent-Length: 4\r\n\r\nabcd", false, "headers(GET 1.1 200) error end(clean)"},
		{"two on one connection", get + get, sse + "Content-Length: 9\r\n\r\ndata: 1\n\n" + sse + "Content-Length: 9\r\n\r\ndata: 2\n\n", false,
			"headers(GET 1.1 200) headers(GET 1.1 200) write(1) end(clean) write(1) end(clean)"},
		{"more than was asked for", get, sse + "Content-Length: 9\r\n\r\ndata: 1\n\n" + strings.Repeat("x", 1000), false, "headers(GET 1.1 200) write(1) end(clean)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
				for range strings.Count(tt.ask, "\r\n\r\n") {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
				}
				_, _ = io.WriteString(c, tt.answer)
				if !tt.close {
					_, _ = in.ReadByte()
				}
			})
			g := gateway(t, &app.Spec{URL: url, End: "[DONE]"}, 0)
			c := dial(t, g)
			if _, err := io.WriteString(c, tt.ask); err != nil {
				t.Fatal(err)
			}
			passed := make([]byte, len(tt.answer))
			if _, err := io.ReadFull(c, passed); err != nil || string(passed) != tt.answer {
				t.Errorf("%q, %v", passed, err)
			}
			if tt.close {
				if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
					t.Errorf("%d bytes behind the end, %v", n, err)
				}
			}
			// What came once is written down; the order of two requests and the
			// first answer is anybody's.
			got, want := strings.Fields(recorded(t, g)), strings.Fields(tt.want)
			if strings.Count(tt.ask, get) > 1 {
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("record %q, want %q", got, want)
			}
			if err := g.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestGatewayStampsEachMessage: a message has the time at which its last byte
// passed, and those before it their own.
func TestGatewayStampsEachMessage(t *testing.T) {
	step := make(chan struct{})
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		for _, part := range []string{"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n", "{\"n\":1}\n{\"n\"", ":2}\n"} {
			_, _ = io.WriteString(c, part)
			<-step
		}
	})
	g := gateway(t, &app.Spec{URL: url, Sequence: "/n"}, 0)
	c := dial(t, g)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	var passed []time.Time
	in := bufio.NewReader(c)
	for range 4 { // up to the head's blank line
		if _, err := in.ReadString('\n'); err != nil {
			break
		}
		if line, _ := in.Peek(1); len(line) > 0 && line[0] == '\r' {
			_, _ = in.ReadString('\n')
			break
		}
	}
	step <- struct{}{}
	for range 2 {
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		passed = append(passed, time.Now())
		step <- struct{}{}
	}
	g.Close()
	var wrote []measure.Event
	for _, e := range g.Record() {
		if e.Kind == measure.Write {
			wrote = append(wrote, e)
		}
	}
	if len(wrote) != 2 || *wrote[0].Seq != 1 || *wrote[1].Seq != 2 || wrote[0].T > passed[0].UnixMicro() || wrote[1].T < passed[0].UnixMicro() || wrote[1].T > passed[1].UnixMicro() {
		t.Errorf("%+v, passed at %v", wrote, passed)
	}
}

package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestGatewayMemory: an answer of any length without a delimiter, or with
// millions of them, takes no more memory than another.
func TestGatewayMemory(t *testing.T) {
	const much, allowed = 56 << 20, 36 << 20
	for _, tt := range []struct{ name, framing, part string }{
		{"no delimiter", measure.FramingSSE, strings.Repeat("x", 64<<10)},
		{"no delimiter in lines", measure.FramingNDJSON, strings.Repeat("1", 64<<10)},
		{"delimiters only", measure.FramingSSE, strings.Repeat("data:\n\n", 9000)},
		{"heartbeats only", measure.FramingSSE, strings.Repeat(":\n", 32<<10)},
		{"raw", measure.FramingRaw, strings.Repeat("x", 64<<10)},
		{"a message that never ends", measure.FramingWebSocket, "\x01\x7f\x00\x00\x00\x00\x00\x00\xff\xf6" + strings.Repeat("x", 64<<10-10)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
			ask := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
			if tt.framing == measure.FramingWebSocket {
				head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
				ask = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
			}
			url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				_, _ = io.WriteString(c, head)
				for {
					if _, err := io.WriteString(c, tt.part); err != nil {
						return
					}
				}
			})
			g := gateway(t, &app.Spec{URL: url, Framing: tt.framing}, 0)
			c := dial(t, g)
			before := heap()
			_, _ = io.WriteString(c, ask)
			if n, err := io.CopyN(io.Discard, c, much); err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if grown := heap() - before; grown > allowed {
				t.Errorf("%d MB more in use", grown>>20)
			}
			g.Close()
			if n := len(g.Record()); n > 60_000 {
				t.Errorf("a record of %d events", n)
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestGatewayUnasked: an application that goes on behind its answer, with more
// than anybody reads, neither fills the memory nor holds up the end.
func TestGatewayUnasked(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\na\n"
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err == nil {
			_, _ = io.WriteString(c, answer)
			flood(c)
		}
	})
	g := gateway(t, &app.Spec{URL: url}, 0)
	c := dial(t, g)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	// More than the gateway keeps for the observer: then it waits.
	if n, err := io.CopyN(io.Discard, c, 8<<20); err != nil {
		t.Fatalf("%d bytes: %v", n, err)
	}
	if got := recorded(t, g); got != "headers(GET 1.1 200) write(1) end(clean)" {
		t.Error(got)
	}
}

// TestGatewayManyRequests: a connection that is used again and again.
func TestGatewayManyRequests(t *testing.T) {
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\na\n")
		}
	})
	g := gateway(t, &app.Spec{URL: url}, 0)
	c := dial(t, g)
	in := bufio.NewReader(c)
	const requests = 300 // more than may wait for their answers
	for n := range requests {
		_, _ = fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", n)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	got := recorded(t, g)
	if strings.Count(got, "headers(") != requests || strings.Count(got, "write(1)") != requests || strings.Count(got, "end(clean)") != requests || strings.Contains(got, "abort") {
		t.Errorf("%s", got)
	}
}

package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// rawOrigin answers GET /N with N bytes, GET /N?chunk=M in chunks of M bytes,
// and GET /messages with messages of 100
// bytes in chunks, one for each that is read from next.
func rawOrigin(t testing.TB, next <-chan struct{}) *url.URL {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	block := make([]byte, 256<<10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					request, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if request.URL.Path == "/messages" {
						serveMessages(c, next)
						return
					}
					n, _ := strconv.Atoi(request.URL.Path[1:])
					if m, _ := strconv.Atoi(request.URL.Query().Get("chunk")); m > 0 {
						serveChunks(c, n, m)
						continue
					}
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", n)
					for n > 0 {
						m, err := c.Write(block[:min(n, len(block))])
						if err != nil {
							return
						}
						n -= m
					}
				}
			}()
		}
	}()
	return mustURL("http://" + l.Addr().String())
}

// serveChunks writes n bytes in chunks of m, many chunks at a time.
func serveChunks(c net.Conn, n, m int) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunk := fmt.Sprintf("%x\r\n%s\r\n", m, strings.Repeat("c", m))
	many := []byte(strings.Repeat(chunk, max(1, (256<<10)/m)))
	for per := len(many) / len(chunk); n > 0; n -= m * per {
		if _, err := c.Write(many); err != nil {
			return
		}
	}
	_, _ = io.WriteString(c, "0\r\n\r\n")
}

func serveMessages(c net.Conn, next <-chan struct{}) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	message := []byte("64\r\n" + strings.Repeat("m", 100) + "\r\n")
	for range next {
		if _, err := c.Write(message); err != nil {
			return
		}
	}
}

func startTransparent(b *testing.B, origin *url.URL) string {
	proxy, err := Parse("transparent", ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	inst, err := proxy.Start(b.Context(), Env{Origin: origin, Mode: Reverse})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { inst.Close() })
	return inst.Route().Base.Host
}

// A response of 64 MB through a hop that changes nothing.
func BenchmarkLargeResponse(b *testing.B) {
	for name, query := range map[string]string{"length": "", "chunks of 16 KB": "?chunk=16384", "chunks of 1 KB": "?chunk=1024"} {
		b.Run(name, func(b *testing.B) {
			at := startTransparent(b, rawOrigin(b, nil))
			b.SetBytes(largeSize)
			b.ReportAllocs()
			for b.Loop() {
				download(b, at, query)
			}
		})
	}
}

const largeSize = 64 << 20

// download reads a large response to its end.
func download(t testing.TB, at, query string) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /%d%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", largeSize, query)
	n, err := io.Copy(struct{ io.Writer }{io.Discard}, &wideReader{c})
	if err != nil || n < largeSize {
		t.Fatalf("%d bytes, %v", n, err)
	}
}

// wideReader reads 256 KB at a time.
type wideReader struct{ c net.Conn }

func (r *wideReader) Read(p []byte) (int, error) { return r.c.Read(p) }

func (r *wideReader) WriteTo(w io.Writer) (n int64, err error) {
	buf := make([]byte, 256<<10)
	for {
		m, err := r.c.Read(buf)
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// A message of 100 bytes from the origin to the client, one at a time.
func BenchmarkMessage(b *testing.B) {
	next := make(chan struct{})
	at := startTransparent(b, rawOrigin(b, next))
	c, err := net.Dial("tcp", at)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /messages HTTP/1.1\r\nHost: x\r\n\r\n")
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		next <- struct{}{}
		if _, err := io.ReadFull(resp.Body, buf); err != nil {
			b.Fatal(err)
		}
	}
	close(next)
}

// A whole exchange with an answer of 100 bytes, on one connection.
func BenchmarkExchange(b *testing.B) {
	at := startTransparent(b, rawOrigin(b, nil))
	c, err := net.Dial("tcp", at)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = io.WriteString(c, "GET /100 HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
	}
}

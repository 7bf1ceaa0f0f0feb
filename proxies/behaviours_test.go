package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bench is a path between a scripted origin and a client, both raw: it shows
// what the hop between them does.
type bench struct {
	t      *testing.T
	origin net.Listener
	dial   func() net.Conn
	// settle waits until done, and then until no more can be expected.
	settle func(done func() bool)
	base   string // what goes before a path to ask the hop
	count  int

	asked chan *upstreamEnd
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn // the origin's
}

// newBench takes the origin's listener over.
func newBench(t *testing.T, origin net.Listener) *bench {
	b := &bench{t: t, origin: origin, asked: make(chan *upstreamEnd, 64)}
	b.wg.Go(func() {
		for {
			c, err := origin.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, c)
			b.mu.Unlock()
			b.wg.Go(func() {
				r := bufio.NewReader(c)
				if request, err := http.ReadRequest(r); err == nil {
					b.asked <- &upstreamEnd{Conn: c, reader: r, request: request}
				}
			})
		}
	})
	return b
}

// watch waits for what is hoped for, or a while if never is: then it is not
// to come.
func (b *bench) watch(never bool, done func() bool) {
	if !never {
		b.settle(done)
		return
	}
	for range 5 {
		b.settle(func() bool { return true })
	}
}

func (b *bench) close() {
	b.origin.Close()
	b.mu.Lock()
	for _, c := range b.conns {
		c.Close()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

// behaviour drives a path and says what was seen; want is what it hopes for,
// so that it need not wait long.
type behaviour func(b *bench, want string) string

func behaviours() map[string]behaviour {
	const chunked = "Transfer-Encoding: chunked\r\n"
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	x := strings.Repeat("x", 20)
	return map[string]behaviour{
		"asked": func(b *bench, want string) string {
			client, up := b.ask("GET", "", "")
			defer client.Close()
			_, _ = io.WriteString(up, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			up.Close()
			return up.request.Proto
		},
		"chunks": func(b *bench, want string) string {
			return b.stream(want, "", head11("text/plain", chunked), chunk(x), chunk(x), "0\r\n\r\n")
		},
		"until close": func(b *bench, want string) string {
			return b.stream(want, "", strings.Replace(head11("text/plain", ""), "1.1", "1.0", 1), x, x, "")
		},
		"length": func(b *bench, want string) string {
			return b.stream(want, "", head11("text/plain", "Content-Length: 40\r\n"), x, x)
		},
		"page": func(b *bench, want string) string {
			got := b.stream("? "+want, "Accept-Encoding: gzip\r\n", strings.Replace(head11("text/html", ""), "1.1", "1.0", 1), x, x, "")
			_, got, _ = strings.Cut(got, " ") // a compressor's own head may come early
			return got
		},
		"broken off":             (*bench).breakOff,
		"leaves before the head": func(b *bench, want string) string { return b.leave(want, "") },
		"leaves after the head": func(b *bench, want string) string {
			return b.leave(want, head11("application/octet-stream", chunked)+chunk(x))
		},
		"upgrade": (*bench).upgrade,
		"upload":  (*bench).upload,
	}
}

func head11(contentType, more string) string {
	return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + contentType + "\r\nCache-Control: no-store\r\n" + more + "\r\n"
}

// upstreamEnd is a connection on which the origin was asked.
type upstreamEnd struct {
	net.Conn
	reader  *bufio.Reader
	request *http.Request
}

// ask sends a request and returns both ends.
func (b *bench) ask(method, headers, body string) (net.Conn, *upstreamEnd) {
	b.t.Helper()
	client := b.dial()
	b.count++
	path := fmt.Sprintf("/x%d", b.count)
	fmt.Fprintf(client, "%s %s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", method, b.base, path, b.origin.Addr(), headers, body)
	up := b.await(path, 10*time.Second)
	if up == nil {
		b.t.Fatalf("the origin was not asked for %s", path)
	}
	return client, up
}

// await waits until the origin is asked for path. What programs ask of their
// own accord, or once more, gets no answer.
func (b *bench) await(path string, long time.Duration) *upstreamEnd {
	late := time.After(long)
	for {
		select {
		case up := <-b.asked:
			if up.request.URL.Path == path {
				return up
			}
			up.Close()
		case <-late:
			return nil
		}
	}
}

// stream sends steps; after each it notes how much of the body has arrived: -
// is not even the head. "" closes the connection.
func (b *bench) stream(want, headers string, steps ...string) string {
	client, up := b.ask("GET", headers, "")
	seen := &tally{body: -1}
	var reading sync.WaitGroup
	reading.Go(func() { seen.read(client) })
	wants := strings.Fields(want)
	var got []string
	for i, step := range steps {
		if step == "" {
			up.Close()
		} else if _, err := io.WriteString(up, step); err != nil {
			b.t.Fatal(err)
		}
		b.settle(func() bool {
			_, end := seen.now()
			return i < len(wants) && (wants[i] == "?" || seen.word() == wants[i]) && (i < len(steps)-1 || end != "")
		})
		got = append(got, seen.word())
	}
	_, end := seen.now()
	got = append(got, end)
	client.Close()
	reading.Wait()
	up.Close()
	if seen.head.Get("Content-Encoding") != "" {
		got = append(got, seen.head.Get("Content-Encoding"))
	}
	return strings.Join(got, " ")
}

// word is how much of the body is there.
func (y *tally) word() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case y.body < 0:
		return "-"
	case y.head.Get("Content-Encoding") != "" && y.body > 0:
		return "+"
	}
	return fmt.Sprint(y.body)
}

func (b *bench) breakOff(want string) string {
	client, up := b.ask("GET", "", "")
	defer client.Close()
	_, _ = io.WriteString(up, head11("application/octet-stream", "Transfer-Encoding: chunked\r\n")+"1\r\na\r\n")
	seen := &tally{body: -1}
	var reading sync.WaitGroup
	reading.Go(func() { seen.read(client) })
	b.settle(func() bool { return seen.word() == "1" })
	up.Close()
	b.settle(func() bool { _, end := seen.now(); return end != "" })
	_, end := seen.now()
	client.Close()
	reading.Wait()
	switch {
	case end == "":
		return "open"
	case seen.status >= 500:
		return fmt.Sprint(seen.status)
	}
	return end
}

// leave has the client go away while the origin is silent.
func (b *bench) leave(want, answer string) string {
	client, up := b.ask("GET", "", "")
	_, _ = io.WriteString(up, answer)
	b.settle(func() bool { return true })
	client.Close()
	told := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		defer close(told)
		_, _ = up.reader.ReadByte()
	})
	isTold := func() bool {
		select {
		case <-told:
			return true
		default:
			return false
		}
	}
	b.watch(want != "told", isTold)
	got := "untold"
	if isTold() {
		got = "told"
	}
	// A hop that has not noticed waits for an answer, and might ask again.
	if answer == "" {
		_, _ = io.WriteString(up, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	}
	up.Close()
	waiting.Wait()
	return got
}

func (b *bench) upgrade(want string) string {
	client, up := b.ask("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")
	defer client.Close()
	defer up.Close()
	if up.request.Header.Get("Upgrade") == "" {
		_, _ = io.WriteString(up, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		return "dropped"
	}
	_, _ = io.WriteString(up, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi")
	var mu sync.Mutex
	got := map[string]bool{}
	var reading sync.WaitGroup
	await := func(who string, r io.Reader, what string) {
		reading.Go(func() {
			var all []byte
			buf := make([]byte, 4096)
			for {
				n, err := r.Read(buf)
				all = append(all, buf[:n]...)
				mu.Lock()
				got[who] = strings.Contains(string(all), what)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	await("client", client, "\x81\x02hi")
	await("origin", up.reader, "\x81\x82") // the mask may be another
	has := func(who string) func() bool {
		return func() bool { mu.Lock(); defer mu.Unlock(); return got[who] }
	}
	b.settle(has("client"))
	_, _ = io.WriteString(client, "\x81\x82\x00\x00\x00\x00ho")
	b.watch(want != "both ways", has("origin"))
	client.Close()
	up.Close()
	reading.Wait()
	switch {
	case got["client"] && got["origin"]:
		return "both ways"
	case got["client"]:
		return "from the origin only"
	case got["origin"]:
		return "from the client only"
	}
	return "mute"
}

// upload sends half a request's body, and sees whether it has arrived.
func (b *bench) upload(want string) string {
	client := b.dial()
	defer client.Close()
	fmt.Fprintf(client, "POST %s/up HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b.base, b.origin.Addr())
	var first atomic.Bool
	var serving sync.WaitGroup
	serving.Go(func() {
		up := b.await("/up", 10*time.Second)
		if up == nil {
			return
		}
		_, err := io.ReadFull(up.request.Body, make([]byte, 5))
		first.Store(err == nil)
		_, _ = io.Copy(io.Discard, up.request.Body)
		_, _ = io.WriteString(up, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		up.Close()
	})
	b.watch(want != "streams", first.Load)
	got := "held"
	if first.Load() {
		got = "streams"
	}
	_, _ = io.WriteString(client, "0\r\n\r\n")
	serving.Wait()
	return got
}

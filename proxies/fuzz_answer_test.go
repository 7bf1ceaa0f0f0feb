package proxies

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzOriginBytes answers a request with whatever an origin might say, and a
// second one on the same connection properly.
func FuzzOriginBytes(f *testing.F) {
	// The transport tells the log of the process what an origin says unasked.
	log.SetOutput(io.Discard)
	f.Cleanup(func() { log.SetOutput(os.Stderr) })
	for _, raw := range originSeeds() {
		for mode := range byte(24) {
			if mode/3%2 == 0 || mode == 3 { // in HTTP/1.0 one way is enough to begin with
				f.Add(mode, []byte(raw))
			}
		}
	}
	f.Fuzz(func(t *testing.T, mode byte, raw []byte) {
		if len(raw) > 64<<10 {
			t.Skip("longer than what is sent in one go")
		}
		synctest.Test(t, func(t *testing.T) {
			p := newFuzzedHop(t, mode)
			var asked atomic.Bool
			stop := p.serveStrictly(func(c net.Conn, m *strictMessage) {
				if strings.Contains(m.start, "/second") || asked.Swap(true) {
					_, _ = io.WriteString(c, secondAnswer)
				} else {
					_, _ = c.Write(raw)
				}
				_ = c.Close()
			})
			c, r, base := p.connect()
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Minute))
			ask := asking(mode)
			fmt.Fprintf(c, "%s %s/first %s\r\nHost: %s\r\n%s\r\n", ask.method, base, ask.version, originAddr, ask.headers)
			strict := strictReader{Reader: r}
			answer, err := finalAnswer(strict, ask)
			p.judge(raw, ask, answer, err)
			if err == nil && answer.framed != "close" && !strings.Contains(answer.start, " 101 ") {
				fmt.Fprintf(c, "GET %s/second HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				ask.method = "GET"
				if second, err := finalAnswer(strict, ask); err == nil && !strings.Contains(second.start, " 502 ") && second.body != "second" {
					t.Errorf("the second request was answered %q with %q", second.start, second.body)
				} else if errors.Is(err, errAmbiguous) {
					t.Errorf("the second request was answered with an %v", err)
				}
			}
			_ = c.Close()
			synctest.Wait()
			stop()
			if err := p.hop.Close(); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if p.crashed() {
				t.Error("a handler crashed")
			}
		})
	})
}

const secondAnswer = "HTTP/1.1 299 Second\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecond"

// asking is how the first request is asked.
type question struct{ method, version, headers string }

func asking(mode byte) question {
	return []question{
		{"GET", "HTTP/1.1", ""},
		{"HEAD", "HTTP/1.1", ""},
		{"GET", "HTTP/1.0", ""},
		{"GET", "HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n"},
	}[mode/6%4]
}

// finalAnswer reads past the interim ones.
func finalAnswer(r strictReader, ask question) (*strictMessage, error) {
	for {
		m, err := r.answer(ask)
		if err != nil || m.status() >= 200 || m.status() == 101 {
			return m, err
		}
		if ask.version == "HTTP/1.0" && !r.forgiving {
			return m, ambiguous("%q to a client of HTTP/1.0", m.start)
		}
	}
}

// answer reads one response, which has no body where its status says so.
func (r strictReader) answer(ask question) (*strictMessage, error) {
	head, _ := r.Peek(12)
	bodiless := ask.method == "HEAD"
	if len(head) == 12 {
		bodiless = bodiless || head[9] == '1' || string(head[9:]) == "204" || string(head[9:]) == "304"
	}
	return r.read(false, bodiless)
}

func (m *strictMessage) status() (code int) {
	_, _ = fmt.Sscanf(m.start[len("HTTP/1.1"):], "%d", &code)
	return code
}

// judge holds what the client got against what the origin said.
func (p *fuzzedHop) judge(raw []byte, ask question, got *strictMessage, gotErr error) {
	if errors.Is(gotErr, errAmbiguous) {
		p.t.Errorf("the client was answered with an %v", gotErr)
		return
	}
	said, err := finalAnswer(strictReader{Reader: bufio.NewReader(bytes.NewReader(raw)), forgiving: false}, question{method: ask.method, version: "HTTP/1.1"})
	switch {
	case errors.Is(err, errAmbiguous):
		// Refused, or passed on in one reading.
	case err != nil:
		if gotErr == nil && got.status() < 500 {
			p.t.Errorf("the origin broke off, and the client has a whole %q with %q", got.start, got.body)
		}
	case said.status() == 101:
		// Asked for or not, it is no answer to compare.
	case gotErr != nil:
		p.t.Errorf("the origin said %q, the client met %v", said.start, gotErr)
	case got.status() != said.status() || got.body != said.body:
		p.t.Errorf("the origin said %q with %q, the client has %q with %q", said.start, said.body, got.start, got.body)
	}
}

func originSeeds() []string {
	ok := "HTTP/1.1 200 OK\r\n"
	chunked := ok + "Transfer-Encoding: chunked\r\n"
	split := "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"
	return []string{
		ok + "Content-Length: 2\r\n\r\nok", chunked + "\r\n2\r\nok\r\n0\r\n\r\n", ok + "\r\nuntil close", "HTTP/1.0 200 OK\r\n\r\nuntil close", ok + "Content-Length: 0\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi", "HTTP/1.1 101 Switch\rX: y\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		chunked + "Trailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", chunked + "\r\n2\r\nok\r\n0\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\n",
		// two framings
		ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", ok + "Content-Length: 2\r\nContent-Length: 5\r\n\r\nokokk", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + split,
		chunked + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ok + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
		// lengths and chunks
		ok + "Content-Length: -1\r\n\r\nok", ok + "Content-Length: 99999999999999999999\r\n\r\nok", ok + "Content-Length: 10\r\n\r\nok", ok + "Content-Length: 2\r\n\r\nok" + split, "HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nstolen" + split,
		chunked + "\r\n-1\r\nok\r\n", chunked + "\r\nffffffffffffffff\r\nok\r\n", chunked + "\r\n2\r\nok\r\n", chunked + "\r\n2\r\nokk\r\n0\r\n\r\n", chunked + "\r\n2\nok\n0\n\n", chunked + "\r\n2\r\no", chunked + "\r\n" + strings.Repeat("0", 5000) + "2\r\nok\r\n0\r\n\r\n",
		chunked + "\r\n2;" + strings.Repeat("x", 5000) + "\r\nok\r\n0\r\n\r\n", chunked + "\r\n2\r\nok\r\n0\r\nX", chunked + "\r\n",
		// heads
		"", "HTTP", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 099 Low\r\n\r\n", "HTTP/1.1 000 None\r\n\r\n", "HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 -12 X\r\n\r\n", "HTTP/1.1 2000 X\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1\t200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x28",
		ok + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", ok + "X: a\x00b\r\nContent-Length: 2\r\n\r\nok", ok + "X: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok", ok + "X a: b\r\nContent-Length: 2\r\n\r\nok", ok + ": b\r\nContent-Length: 2\r\n\r\nok", ok + "X\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		ok + "X : y\r\nContent-Length: 2\r\n\r\nok", ok + "X: \xff\r\nContent-Length: 2\r\n\r\nok", ok + "X: " + strings.Repeat("y", 40<<10) + "\r\nContent-Length: 2\r\n\r\nok", ok + "Connection: Content-Length, Content-Type\r\nContent-Length: 2\r\n\r\nok",
		ok + "Trailer: Content-Length\r\nContent-Length: 2\r\n\r\nok", ok + "Content-Length : 2\r\n\r\nok", ok + "Content-Length: 2\r\nConnection: close\r\nX: y\r\nDate: \r\nContent-Type: \r\n\r\nok", "HTTP/1.1 200 O\x00K\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20) + ok + "Content-Length: 2\r\n\r\nok",
	}
}

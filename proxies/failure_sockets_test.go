package proxies

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// talking is an origin that switches protocols and says a word each gap.
func talking(gap time.Duration, words int) func(net.Conn, *bufio.ReadWriter) {
	return func(c net.Conn, rw *bufio.ReadWriter) {
		_, _ = io.WriteString(c, "hello")
		go func() { _, _ = io.Copy(io.Discard, rw) }()
		for range words {
			time.Sleep(gap)
			if _, err := io.WriteString(c, "more"); err != nil {
				return
			}
		}
		time.Sleep(gap)
	}
}

func driveSocketEnds(want ...string) func(*testing.T, FailureMode) {
	return func(t *testing.T, mode FailureMode) {
		bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
			origin := p.serve(switching(talking(time.Minute, 1)))
			c, r := p.upgrade()
			p.drain(r)
			c.Close()
			p.close(origin)
			p.expect(want...)
		})
	}
}

// A busy websocket ends at the limit; a busy stream does not.
func driveSocketLifetime(t *testing.T, mode FailureMode) {
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(switching(talking(12*time.Second, 10)))
		c, r := p.upgrade()
		p.drain(r)
		c.Close()
		p.close(origin)
		p.expect("0s 101", "0s hello", "12s more", "24s more", "30s cut")
	})
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(script("a", 20*time.Second, "b", 20*time.Second, "c"))
		p.get()
		p.close(origin)
		p.expect("0s head 200", "0s a", "20s b", "40s c", "40s end")
	})
}

// 101, and nothing either way for as long as the client stays.
func driveSocketMute(t *testing.T, mode FailureMode) {
	bubble(t, byReverse, mode.Spec, func(t *testing.T, p *road) {
		origin := p.serve(switching(func(c net.Conn, rw *bufio.ReadWriter) {
			_, _ = io.WriteString(c, "hello")
			p.drainAs("origin: ", rw)
		}))
		c, r := p.upgrade()
		_, _ = io.WriteString(c, "ping")
		time.AfterFunc(time.Minute, func() { p.note("client leaves"); c.Close() })
		p.drain(r)
		p.close(origin)
		p.expectSorted("0s 101", "1m0s client leaves", "1m0s origin: cut")
	})
}

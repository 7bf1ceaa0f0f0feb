package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// What was measured on haproxy 2.6.12 with timeouts of 2 s, in the preset's own
// time.
func TestHaproxyDefaultPreset(t *testing.T) {
	for _, c := range []struct {
		name   string
		origin http.HandlerFunc
		want   []string
	}{
		{"small and slow", script("head", time.Second, "a", time.Second, "b", time.Second),
			[]string{"200ms head 200", "1.2s a", "2.2s b", "3s end"}},
		{"small and fast", script("a", 150*ms, "b", 100*ms, "c", 50*ms),
			[]string{"200ms head 200", "200ms ab", "300ms c", "300ms end"}},
		{"silence", script("a", time.Hour),
			[]string{"200ms head 200", "200ms a", "50s cut"}},
		{"silence before the head", script(time.Hour),
			[]string{"50s head 504", "50s idle timeout\n", "50s end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, byReverse, "haproxy-default", func(t *testing.T, p *road) {
				origin := p.serve(c.origin)
				p.get()
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
	t.Run("until close", func(t *testing.T) {
		bubble(t, byReverse, "haproxy-default", func(t *testing.T, p *road) {
			l := p.net.listen(originAddr)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n")
				time.Sleep(time.Second)
				_, _ = io.WriteString(c, "a")
				time.Sleep(time.Second)
				c.Close()
			}()
			p.get()
			l.Close()
			p.close()
			p.expect("0s head 200", "1s a", "2s end")
		})
	})
	t.Run("abort", func(t *testing.T) {
		bubble(t, byReverse, "haproxy-default", func(t *testing.T, p *road) {
			origin := p.serve(script("a", func(_ http.ResponseWriter, r *http.Request) {
				time.Sleep(10 * time.Second)
				p.note("told: %t", r.Context().Err() != nil)
			}, "b", func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				p.note("told")
			}))
			c, _, _ := p.connect()
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			time.Sleep(time.Second)
			c.Close()
			time.Sleep(time.Minute)
			p.close(origin)
			p.expect("10s told: false", "10s told")
		})
	})
	t.Run("upgrade", func(t *testing.T) {
		bubble(t, byReverse, "haproxy-default", func(t *testing.T, p *road) {
			origin := p.serve(switching(func(c net.Conn, _ *bufio.ReadWriter) {
				for range 3 {
					_, _ = io.WriteString(c, "y")
					time.Sleep(40 * time.Second)
				}
				time.Sleep(time.Hour)
			}))
			c, r := p.upgrade()
			p.drain(r)
			c.Close()
			p.close(origin)
			p.expect("0s 101", "0s y", "40s y", "1m20s y", "2m10s cut")
		})
	})
}

package proxies

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestIdle(t *testing.T) {
	busy := script("head", 4*time.Second, "a", 4*time.Second, "b", 10*time.Second, "c")
	runTimed(t, []timed{
		{"after the head", "fault:idle(after=5s)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "13s cut"}},
		{"unnamed", "fault:idle(5s)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "13s cut"}},
		{"before the head", "fault:idle(after=5s)", nil, script(6*time.Second, "a"),
			[]string{"5s head 504", "5s idle timeout\n", "5s end"}},
		{"before the head, another status", "fault:idle(after=5s,status=524)", nil, script(6*time.Second, "a"),
			[]string{"5s head 524", "5s idle timeout\n", "5s end"}},
		{"not reached", "fault:idle(after=11s)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "18s c", "18s end"}},
		{"reset", "fault:idle(after=5s,end=rst)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "13s reset"}},
		{"reset before the head", "fault:idle(after=5s,end=rst)", nil, script(6*time.Second, "a"),
			[]string{"5s reset"}},
		{"fin before the head", "fault:idle(after=5s,end=fin)", nil, script(6*time.Second, "a"),
			[]string{"5s cut"}},
		{"clean", "fault:idle(after=5s,end=clean)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "13s end"}},
		{"by type", "fault:idle(after=5s,if=type:text/plain)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "13s cut"}},
		{"by type, before the head", "fault:idle(after=5s,if=type:text/plain)", nil, script(6*time.Second, "a"),
			[]string{"6s head 200", "6s a", "6s end"}},
		{"duration, busy or not", "fault:duration(after=9s)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "9s cut"}},
		{"duration before the head", "fault:duration(after=5s)", nil, script(6*time.Second, "a"),
			[]string{"5s head 504", "5s maximum duration\n", "5s end"}},
		{"duration, clean", "fault:duration(after=9s,end=clean)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "9s end"}},
		{"duration, clean, by type", "fault:duration(after=9s,end=clean,if=type:text/)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "9s end"}},
		{"first byte", "fault:first-byte(after=5s)", nil, script(6*time.Second, "a"),
			[]string{"5s head 504", "5s first byte timeout\n", "5s end"}},
		{"first byte in time", "fault:first-byte(after=5s,status=524)", nil, script(4*time.Second, "a", time.Minute, "b"),
			[]string{"4s head 200", "4s a", "1m4s b", "1m4s end"}},
		{"cut", "fault:cut(after=5s)", nil, script(3*time.Second, "a", 4*time.Second, "b", 4*time.Second, "c"),
			[]string{"3s head 200", "3s a", "7s b", "8s cut"}},
		{"max-bytes", "fault:max-bytes(3)", nil, script("ab", time.Second, "cd", time.Second, "e"),
			[]string{"0s head 200", "0s ab", "1s c", "1s cut"}},
		{"max-bytes not exceeded", "fault:max-bytes(4)", nil, script("ab", time.Second, "cd", time.Second),
			[]string{"0s head 200", "0s ab", "1s cd", "2s end"}},
		{"max-bytes, clean", "fault:max-bytes(3,end=clean)", nil, script("ab", time.Second, "cd", time.Second, "e"),
			[]string{"0s head 200", "0s ab", "1s c", "1s end"}},
		{"idle behind a buffer", "fault:idle(after=5s)&buffer(until=close)", nil, busy,
			[]string{"13s head 200", "13s ab", "13s cut"}},
	})
}

// The origin is told at the same time as the client.
func TestIdleClosesUpstream(t *testing.T) {
	for _, end := range []string{"504", "fin", "rst", "clean", "silence"} {
		everyWay(t, "fault:idle(after=5s,end="+end+")", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
				p.note("origin told")
			})
			c, r, base := p.connect()
			fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			if end == "silence" {
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				p.note("head %d", resp.StatusCode)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, _ = io.Copy(io.Discard, resp.Body)
				}()
				time.Sleep(time.Minute)
				select {
				case <-ended:
					p.note("ended")
				default:
					p.note("still open")
				}
				c.Close()
				<-ended
				p.close(origin)
				p.expect("0s head 200", "5s origin told", "1m0s still open")
				return
			}
			_, _ = http.ReadResponse(r, nil)
			time.Sleep(time.Minute)
			c.Close()
			p.close(origin)
			p.expect("5s origin told")
		})
	}
}

func TestIdleIsScaled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRoad(t, byReverse, "fault:idle(after=60s)&latency(50ms)", 0.01)
		origin := p.serve(script("head", time.Hour))
		p.get()
		p.close(origin)
		// 60 s of policy time at 0.01, 50 ms of wire time as it is.
		p.expect("50ms head 200", "650ms cut")
	})
}

// A body on its way up is no silence; one that stops coming is.
func TestIdleDuringUpload(t *testing.T) {
	for _, c := range []struct {
		sent int
		want []string
	}{
		{3, []string{"12s head 200", "12s done", "12s end"}},
		{2, []string{"13s head 504", "13s idle timeout\n", "13s end"}},
	} {
		everyWay(t, "fault:idle(after=5s)", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					_, _ = io.WriteString(w, "done")
				}
			})
			conn, r, base := p.connect()
			fmt.Fprintf(conn, "POST %s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\n", base, originAddr)
			go func() {
				for range c.sent {
					time.Sleep(4 * time.Second)
					_, _ = conn.Write([]byte("x"))
				}
			}()
			p.read(r, "POST")
			time.Sleep(time.Minute)
			conn.Close()
			p.close(origin)
			p.expect(c.want...)
		})
	}
}

func TestIdleCountsInterimResponses(t *testing.T) {
	early := func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			time.Sleep(4 * time.Second)
			w.Header().Set("Link", "</a>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
		}
		_, _ = io.WriteString(w, "done")
	}
	for spec, want := range map[string][]string{
		"fault:idle(after=5s,counts=any)": {"4s head 103", "8s head 103", "12s head 103", "12s head 200", "12s done", "12s end"},
		"fault:idle(after=5s)":            {"4s head 103", "5s head 504", "5s idle timeout\n", "5s end"},
	} {
		everyWay(t, spec, func(t *testing.T, p *road) {
			origin := p.serve(early)
			c, r, base := p.connect()
			fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			for {
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				p.note("head %d", resp.StatusCode)
				if resp.StatusCode != http.StatusEarlyHints {
					p.body(resp.Body)
					break
				}
			}
			c.Close()
			p.close(origin)
			p.expect(want...)
		})
	}
}

// In tunnels bytes in either direction break the silence.
func TestIdleTunnel(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
	}{
		{"fault:idle(after=5s)", []string{"0s 101", "4s ping", "9s cut"}},
		{"fault:idle(after=5s,end=rst)", []string{"0s 101", "4s ping", "9s reset"}},
		{"fault:idle(after=5s,end=silence)", []string{"0s 101", "4s ping", "1h0m0s left"}},
		{"fault:duration(after=6s)", []string{"0s 101", "4s ping", "6s cut"}},
		{"fault:cut(after=6s,end=rst)", []string{"0s 101", "4s ping", "6s reset"}},
		{"fault:max-bytes(3)", []string{"0s 101", "4s pin", "4s cut"}},
	} {
		t.Run(c.spec, func(t *testing.T) {
			everyWay(t, c.spec, func(t *testing.T, p *road) {
				origin := p.serve(switching(func(conn net.Conn, rw *bufio.ReadWriter) {
					_, _ = io.Copy(conn, rw)
				}))
				conn, r := p.upgrade()
				go func() {
					time.Sleep(4 * time.Second)
					_, _ = conn.Write([]byte("ping")) // comes back as an echo
				}()
				if c.want[len(c.want)-1] == "1h0m0s left" {
					time.AfterFunc(time.Hour, func() { p.note("left"); conn.Close() })
				}
				p.drain(r)
				conn.Close()
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

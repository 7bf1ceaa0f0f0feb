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

// Only the bytes of one side break the silence, of exchanges and of upgraded
// connections alike.
func TestIdleFrom(t *testing.T) {
	busy := script("head", 4*time.Second, "a", 4*time.Second, "b", 4*time.Second, "c")
	runTimed(t, []timed{
		{"the origin's", "fault:idle(after=5s,from=origin)", nil, busy,
			[]string{"0s head 200", "4s a", "8s b", "12s c", "12s end"}},
		// A client that only listens is silent, however busy the origin is.
		{"the client's", "fault:idle(after=5s,from=client)", nil, busy,
			[]string{"0s head 200", "4s a", "5s cut"}},
		{"the client's, before the head", "fault:idle(after=5s,from=client)", nil, script(6*time.Second, "a"),
			[]string{"5s head 504", "5s idle timeout\n", "5s end"}},
	})
}

func TestIdleFromDuringUpload(t *testing.T) {
	for from, want := range map[string][]string{
		"origin": {"5s head 504", "5s idle timeout\n", "5s end"},
		// Three times four seconds, and five from the last byte.
		"client": {"12s head 200", "12s a", "16s b", "17s cut"},
	} {
		everyWay(t, "fault:idle(after=5s,from="+from+")", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					script("a", 4*time.Second, "b", 4*time.Second, "c")(w, r)
				}
			})
			conn, r, base := p.connect()
			fmt.Fprintf(conn, "POST %s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\n", base, originAddr)
			go func() {
				for range 3 {
					time.Sleep(4 * time.Second)
					_, _ = conn.Write([]byte("x"))
				}
			}()
			p.read(r, "POST")
			time.Sleep(time.Minute)
			conn.Close()
			p.close(origin)
			p.expect(want...)
		})
	}
}

func TestIdleFromInTunnels(t *testing.T) {
	for _, c := range []struct {
		spec   string
		origin time.Duration // from one byte of the origin's to the next
		client time.Duration
		want   string // when it ends, 10 s for not at all
	}{
		{"fault:idle(5s)", 4 * time.Second, time.Hour, "10s cut"},
		{"fault:idle(5s,from=both)", time.Hour, 4 * time.Second, "10s cut"},
		{"fault:idle(5s,from=origin)", 4 * time.Second, time.Hour, "10s cut"},
		{"fault:idle(5s,from=origin)", time.Hour, 4 * time.Second, "5s cut"},
		{"fault:idle(5s,from=client)", 4 * time.Second, time.Hour, "5s cut"},
		{"fault:idle(5s,from=client,end=rst)", 4 * time.Second, time.Hour, "5s reset"},
		{"fault:idle(5s,from=client)", time.Hour, 4 * time.Second, "10s cut"},
	} {
		t.Run(c.spec, func(t *testing.T) {
			everyWay(t, c.spec, func(t *testing.T, p *road) {
				speak := func(to io.Writer, every time.Duration) {
					for range 2 {
						time.Sleep(every)
						if _, err := to.Write([]byte("x")); err != nil {
							return
						}
					}
				}
				origin := p.serve(switching(func(conn net.Conn, rw *bufio.ReadWriter) {
					go speak(conn, c.origin)
					go func() { _, _ = io.Copy(io.Discard, rw) }()
					time.Sleep(10 * time.Second)
				}))
				conn, r := p.upgrade()
				go speak(conn, c.client)
				for {
					_, err := r.Read(make([]byte, 9))
					if err == io.EOF {
						p.note("cut")
						break
					} else if err != nil {
						p.note("%s", ending(err))
						break
					}
				}
				conn.Close()
				p.close(origin)
				p.expect("0s 101", c.want)
			})
		})
	}
}

func TestFirstByteAndMaxBytesEndings(t *testing.T) {
	late := script(6*time.Second, "a")
	announced := func(length string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", length)
			script("ab", time.Second, "cd")(w, r)
		}
	}
	streamed := script("ab", time.Second, "cd", time.Second, "e")
	runTimed(t, []timed{
		{"first byte, fin", "fault:first-byte(after=5s,end=fin)", nil, late, []string{"5s cut"}},
		{"first byte, reset", "fault:first-byte(after=5s,end=rst)", nil, late, []string{"5s reset"}},
		{"known to be too large", "fault:max-bytes(3,end=504)", nil, announced("4"),
			[]string{"0s head 504", "0s too many bytes\n", "0s end"}},
		{"another status", "fault:max-bytes(3,end=504,status=502)", nil, announced("4"),
			[]string{"0s head 502", "0s too many bytes\n", "0s end"}},
		{"known to fit", "fault:max-bytes(4,end=504)", nil, announced("4"),
			[]string{"0s head 200", "0s ab", "1s cd", "1s end"}},
		{"not known", "fault:max-bytes(3,end=504)", nil, streamed,
			[]string{"0s head 200", "0s ab", "1s c", "1s cut"}},
	})
}

// Silence before the head: the origin is left, the client is not told.
func TestFirstByteSilence(t *testing.T) {
	everyWay(t, "fault:first-byte(after=5s,end=silence)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			p.note("origin told")
		})
		c, r, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		time.AfterFunc(time.Minute, func() { p.note("client leaves"); c.Close() })
		if _, err := http.ReadResponse(r, nil); err == nil {
			t.Error("a response after all")
		}
		p.close(origin)
		p.expect("5s origin told", "1m0s client leaves")
	})
}

// Pings keep a connection that is silent otherwise only where any byte counts.
func TestIdleCountsPings(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
	}{
		{"fault:idle(5s,counts=any)", []string{"0s head 200", "20s a", "20s end"}},
		{"fault:idle(5s,counts=any,from=client)", []string{"0s head 200", "20s a", "20s end"}},
		{"fault:idle(5s,counts=body)", []string{"0s head 200", "5s cut"}},
	} {
		eachWay(t, h2Ways(), c.spec, func(t *testing.T, p *road) {
			origin := p.serve(script("head", 20*time.Second, "a"))
			client := p.client2()
			client.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * time.Second}
			p.over2(client, p.request2(t.Context(), "GET", ""))
			client.CloseIdleConnections()
			p.close(origin)
			p.expect(c.want...)
		})
	}
	// Without them there is nothing to count, on a connection of any kind.
	runTimed(t, []timed{
		{"no pings", "fault:idle(5s,counts=any)", nil, script("head", 20*time.Second, "a"),
			[]string{"0s head 200", "5s cut"}},
	})
}

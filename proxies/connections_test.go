package proxies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// arrive opens a stream from an address, logs what status it got and when, and
// reads it to its end.
func (p *road) arrive(name, from string) {
	c, r, base, status := p.connectFrom(from)
	defer c.Close()
	if status == http.StatusOK {
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			p.note("%s %s", name, ending(err))
			return
		}
		defer func() { _, _ = io.Copy(io.Discard, resp.Body) }()
		status = resp.StatusCode
	}
	p.note("%s %d", name, status)
}

// waysFor leaves out the one on which the origin is asked over HTTP/2 where its
// connections are counted: all exchanges share one.
func waysFor(spec string) []way {
	if strings.Contains(spec, "of=pool") {
		return []way{byReverse, byForward, byConnect}
	}
	return ways()
}

func TestConnections(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:connections(2)":                         {"0s A 200", "1s B 200", "2s C 503", "4.5s D 200"},
		"fault:connections(2,status=429)":              {"0s A 200", "1s B 200", "2s C 429", "4.5s D 200"},
		"fault:connections(2,over=wait)":               {"0s A 200", "1s B 200", "3s C 200", "4.5s D 200"},
		"fault:connections(2,of=pool)":                 {"0s A 200", "1s B 200", "2s C 503", "4.5s D 200"},
		"fault:connections(2,of=pool,over=wait)":       {"0s A 200", "1s B 200", "3s C 200", "4.5s D 200"},
		"fault:connections(1,of=client)":               {"0s A 200", "1s B 200", "2s C 503", "4.5s D 200"},
		"fault:connections(1,of=client,over=wait)":     {"0s A 200", "1s B 200", "3s C 200", "4.5s D 200"},
		"fault:connections(0,of=client)":               {"0s A 503", "1s B 503", "2s C 503", "4.5s D 503"},
		"fault:connections(1,of=pool,if=method:PATCH)": {"0s A 200", "1s B 200", "2s C 200", "4.5s D 200"},
	} {
		t.Run(spec, func(t *testing.T) {
			eachWay(t, waysFor(spec), spec, func(t *testing.T, p *road) {
				// Each stream lasts three seconds; A leaves its place at 3 s.
				origin := p.serve(script("head", 3*time.Second))
				for _, c := range []struct {
					name, from string
					at         time.Duration
				}{
					{"A", "10.0.0.1:1001", 0}, {"B", "10.0.0.2:1002", time.Second},
					{"C", "10.0.0.1:1003", 2 * time.Second}, {"D", "10.0.0.2:1004", 4500 * ms},
				} {
					time.AfterFunc(c.at, func() { p.arrive(c.name, c.from) })
				}
				time.Sleep(time.Minute)
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}

// An upgraded connection takes a place until it is over.
func TestConnectionsCountUpgrades(t *testing.T) {
	for _, spec := range []string{"fault:connections(1)", "fault:connections(1,of=client)", "fault:connections(1,of=pool)"} {
		eachWay(t, []way{byReverse, byForward, byTLS}, spec, func(t *testing.T, p *road) {
			origin := p.serve(switching(func(_ net.Conn, rw *bufio.ReadWriter) { _, _ = io.Copy(io.Discard, rw) }))
			first, _ := p.upgrade()
			second, _ := p.upgrade()
			first.Close()
			synctest.Wait()
			third, _ := p.upgrade()
			second.Close()
			third.Close()
			p.close(origin)
			p.expect("0s 101", "0s 503", "0s 101")
		})
	}
}

// What carries no HTTP is counted as well: a tunnel that is refused gets the
// status, a relayed connection a reset.
func TestConnectionsOfTunnels(t *testing.T) {
	for _, of := range []string{"total", "client", "pool"} {
		bubble(t, byConnect, "fault:connections(1,of="+of+")", func(t *testing.T, p *road) {
			p.net.discard(originAddr)
			first, _, status := p.tunnel(originAddr)
			p.note("%d", status)
			_, _ = first.Write([]byte{tlsHandshake})
			second, _, status := p.tunnel(originAddr)
			p.note("%d", status)
			second.Close()
			first.Close()
			synctest.Wait()
			third, _, status := p.tunnel(originAddr)
			p.note("%d", status)
			third.Close()
			p.close()
			p.expect("0s 200", "0s 503", "0s 200")
		})
		for over, want := range map[string][]string{
			"refuse": {"0s second: reset", "1s first: cut"},
			"wait":   {"1s first: cut", "1s second: pong", "2s second: cut"},
		} {
			bubble(t, byTCP, "fault:connections(1,of="+of+",over="+over+")", func(t *testing.T, p *road) {
				l := p.net.listen(originAddr)
				go func() {
					for n := 0; ; n++ {
						c, err := l.Accept()
						if err != nil {
							return
						}
						if n > 0 {
							_, _ = io.WriteString(c, "pong")
						}
						time.AfterFunc(time.Second, func() { c.Close() })
					}
				}()
				first, r, _ := p.connect()
				go func() {
					p.drainAs("first: ", r)
					first.Close()
				}()
				synctest.Wait()
				second, r, _ := p.connect()
				p.drainAs("second: ", r)
				second.Close()
				time.Sleep(time.Minute)
				p.close()
				p.expect(want...)
			})
		}
	}
}

// A pool's connections serve one exchange after another, and one that is kept
// for requests makes room for an upgrade.
func TestConnectionPoolIsReused(t *testing.T) {
	for _, over := range []string{"refuse", "wait"} {
		bubble(t, byReverse, "fault:connections(1,of=pool,over="+over+")", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				if upgradeOf(r.Header) != "" {
					switching(func(net.Conn, *bufio.ReadWriter) {})(w, r)
				}
			})
			for range 3 {
				p.get()
				synctest.Wait()
			}
			if n := p.hop.Stats().Upstream; n != 1 {
				t.Errorf("%d connections to the origin, want one for all", n)
			}
			c, _ := p.upgrade()
			c.Close()
			p.close(origin)
			p.expect("0s head 200", "0s end", "0s head 200", "0s end", "0s head 200", "0s end", "0s 101")
		})
	}
}

// HTTP/2 towards the origin carries many exchanges on one connection.
func TestConnectionPoolOverH2(t *testing.T) {
	bubble(t, byH2, "fault:connections(1,of=pool)", func(t *testing.T, p *road) {
		origin := p.serve(script("head", time.Second, "a"))
		client := p.client2()
		done := make(chan struct{})
		for i := range 3 {
			go func() {
				// The first one opens the connection that all use.
				time.Sleep(time.Duration(i) * 100 * ms)
				p.over2(client, p.request2(t.Context(), "GET", ""))
				done <- struct{}{}
			}()
		}
		for range 3 {
			<-done
		}
		client.CloseIdleConnections()
		if n := p.hop.Stats().Upstream; n != 1 {
			t.Errorf("%d connections to the origin, want 1", n)
		}
		p.close(origin)
		p.expectSorted("0s head 200", "100ms head 200", "200ms head 200", "1s a", "1s end", "1.1s a", "1.1s end", "1.2s a", "1.2s end")
	})
}

// Whoever leaves the queue is not waited for, nor served.
func TestConnectionsQueueIsLeft(t *testing.T) {
	for _, of := range []string{"total", "client", "pool"} {
		spec := "fault:connections(1,over=wait,of=" + of + ")"
		eachWay(t, waysFor(spec), spec, func(t *testing.T, p *road) {
			asked := 0
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				asked++
				script("head", 3*time.Second)(w, r)
			})
			go p.arrive("A", "")
			time.Sleep(time.Second)
			var c net.Conn
			if p.way == byConnect {
				var err error
				if c, err = p.net.dial(t.Context(), "", "hop"); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", originAddr, originAddr)
			} else {
				var base string
				c, _, base = p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
			}
			time.Sleep(time.Second)
			c.Close()
			time.Sleep(time.Minute)
			go p.arrive("C", "")
			time.Sleep(time.Minute)
			p.close(origin)
			p.expect("0s A 200", "1m2s C 200")
			if asked != 2 {
				t.Errorf("the origin was asked %d times, want 2", asked)
			}
		})
	}
}

func TestPlacesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{max: 1, wait: true}
		leave, err := p.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.take(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if p.free("a") || !p.free("b") {
			t.Error("a is taken and b is not")
		}
		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				leave, err := p.take(t.Context(), "a")
				if err != nil {
					t.Error(err)
				}
				order <- i
				leave()
			}()
			synctest.Wait()
		}
		leave()
		leave() // once is enough
		for want := range 3 {
			if got := <-order; got != want {
				t.Errorf("%d had its turn before %d", got, want)
			}
		}
		synctest.Wait()
		if len(p.by) != 0 {
			t.Errorf("%d keys are kept, want none", len(p.by))
		}
	})
}

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

func TestUpgrade(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
	}{
		{"fault:upgrade(mode=mute)", []string{"0s 101", "1m0s client leaves", "1m0s origin: cut"}},
		{"fault:upgrade(mode=kill,after=200ms)", []string{"0s 101", "0s hello", "100ms origin: ping", "200ms origin: cut", "200ms cut"}},
		{"fault:upgrade(mode=kill,after=200ms,end=rst)", []string{"0s 101", "0s hello", "100ms origin: ping", "200ms origin: cut", "200ms reset"}},
		{"fault:upgrade(mode=one-way)", []string{"0s 101", "100ms origin: ping", "1m0s client leaves", "1m0s origin: cut"}},
		{"fault:upgrade(mode=one-way,lost=from-client)", []string{"0s 101", "0s hello", "1m0s client leaves", "1m0s origin: cut"}},
	} {
		t.Run(c.spec, func(t *testing.T) {
			everyWay(t, c.spec, func(t *testing.T, p *road) {
				origin := p.serve(switching(func(c net.Conn, rw *bufio.ReadWriter) {
					_, _ = io.WriteString(c, "hello")
					p.drainAs("origin: ", rw)
				}))
				conn, r := p.upgrade()
				time.AfterFunc(100*ms, func() { _, _ = io.WriteString(conn, "ping") })
				left := time.AfterFunc(time.Minute, func() { p.note("client leaves"); conn.Close() })
				p.drain(r)
				if left.Stop() {
					time.Sleep(time.Second) // the origin notices
				}
				conn.Close()
				p.close(origin)
				p.expectSorted(c.want...)
			})
		})
	}
}

func TestUpgradeRefused(t *testing.T) {
	everyWay(t, "fault:upgrade(mode=refuse,status=426)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) { p.note("origin saw %s", r.URL.Path) })
		c, _ := p.upgrade()
		c.Close()
		p.get()
		p.close(origin)
		p.expect("0s 426", "0s origin saw /x", "0s head 200", "0s end")
	})
}

func TestUpgradeStripped(t *testing.T) {
	everyWay(t, "fault:upgrade(mode=strip)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			p.note("upgrade %q connection %q key %t", r.Header.Get("Upgrade"), r.Header.Get("Connection"), r.Header.Get("Sec-WebSocket-Key") != "")
			w.WriteHeader(http.StatusBadRequest)
		})
		c, _ := p.upgrade()
		c.Close()
		p.close(origin)
		p.expect(`0s upgrade "" connection "" key true`, "0s 400")
	})
}

// A client that takes no notice must not be let through to a plain answer.
func TestUpgradeAnsweredPlainly(t *testing.T) {
	everyWay(t, "transparent", func(t *testing.T, p *road) {
		origin := p.serve(script("plain"))
		c, r, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", base, originAddr)
		p.read(r, "GET")
		c.Close()
		p.close(origin)
		p.expect("0s head 200", "0s plain", "0s end")
	})
}

package proxies

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// The limits of presets whose programs were asked for them one by one, and
// those that stand for what old articles tell of.
func TestPresetLimitsAndEra(t *testing.T) {
	page := func(contentType string, steps ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			script(steps...)(w, r)
		}
	}
	slow := []any{"head", time.Second, "a", time.Second, "b"}
	atOnce := []string{"0s head 200", "1s a", "2s b", "2s end"}
	atEnd := []string{"2s head 200", "2s ab", "2s end"}
	for _, c := range []struct {
		preset string
		way    way
		origin http.HandlerFunc
		want   []string
	}{
		{"apache-default", byReverse, script(time.Hour), []string{"5m0s head 502", "5m0s idle timeout\n", "5m0s end"}},
		{"apache-default", byReverse, script("a", time.Hour), []string{"0s head 200", "0s a", "5m0s cut"}},
		{"apache-streaming", byReverse, script("a", 50*time.Minute, "b"), []string{"0s head 200", "0s a", "50m0s b", "50m0s end"}},
		{"nginx-streaming", byReverse, script("a", 50*time.Minute, "b"), []string{"0s head 200", "0s a", "50m0s b", "50m0s end"}},
		{"haproxy-streaming", byReverse, script("a", 50*time.Minute, "b"), []string{"0s head 200", "0s a", "50m0s b", "50m0s end"}},
		{"squid-default", byForward, script(time.Hour), []string{"15m0s head 504", "15m0s idle timeout\n", "15m0s end"}},
		{"squid-accel", byReverse, page("text/event-stream", slow...), atOnce},
		{"squid-2", byForward, page("text/event-stream", slow...), atOnce},
		{"varnish-default", byReverse, script(time.Hour), []string{"1m0s head 503", "1m0s idle timeout\n", "1m0s end"}},
		{"varnish-pipe", byReverse, script("a", time.Hour), []string{"0s head 200", "0s a", "1m0s cut"}},
		{"lighttpd-default", byReverse, script("a", time.Hour, "b"), []string{"1h0m0s head 200", "1h0m0s ab", "1h0m0s end"}},
		{"lighttpd-streaming", byReverse, page("text/html", slow...), atOnce},
		{"h2o-default", byReverse, script(time.Hour), []string{"30s head 502", "30s idle timeout\n", "30s end"}},
		{"h2o-default", byReverse, script("a", time.Hour), []string{"0s head 200", "0s a", "30s cut"}},
		{"nghttpx-default", byReverse, script("a", time.Hour), []string{"0s head 200", "0s a", "1m0s cut"}},
		{"trafficserver-default", byReverse, script("a", time.Hour), []string{"0s head 200", "0s a", "30s cut"}},
		{"tinyproxy-default", byForward, script("a", time.Hour), []string{"0s head 200", "0s a", "10m0s cut"}},
		{"tinyproxy-default", byForward, script(time.Hour), []string{"10m0s cut"}},
		{"privoxy-default", byForward, page("text/event-stream", slow...), atEnd},
		{"privoxy-default", byForward, page("text/html; charset=utf-8", slow...), atEnd},
		{"privoxy-default", byForward, page("text/plain", slow...), atOnce},
		{"privoxy-default", byForward, page("text/html", "a", time.Hour), []string{"5m0s head 200", "5m0s cut"}},
		{"mitmproxy-default", byForward, page("text/plain", slow...), atEnd},
		{"traefik-no-compress", byReverse, page("text/event-stream", slow...), atOnce},
		{"caddy-flush", byReverse, page("text/plain", slow...), atOnce},
		{"mod-jk", byReverse, page("text/event-stream", slow...), atEnd},
		{"html-firewall", byForward, page("text/html", slow...), atEnd},
		{"html-firewall", byForward, page("text/event-stream", slow...), atOnce},
		{"antivirus-scan", byForward, page("text/event-stream", "a", 15*time.Second, "b", 15*time.Second, "c"),
			[]string{"20s head 200", "20s ab", "30s c", "30s end"}},
		{"isp-http", byForward, page("text/event-stream", slow...), atEnd},
	} {
		t.Run(c.preset, func(t *testing.T) {
			bubble(t, c.way, c.preset, func(t *testing.T, p *road) {
				origin := p.serve(c.origin)
				p.get()
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

// A held stream, a second one, and a third exchange that waits for one of them.
func TestTwoPerHost(t *testing.T) {
	bubble(t, byForward, "two-per-host", func(t *testing.T, p *road) {
		origin := p.serve(script("head", 5*time.Second))
		for i := range 3 {
			go func() {
				c, r, base := p.connect()
				defer c.Close()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				if resp, err := http.ReadResponse(r, nil); err == nil {
					p.note("%d: %d", i, resp.StatusCode)
					_, _ = io.Copy(io.Discard, resp.Body)
				}
			}()
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		p.close(origin)
		p.expect("0s 0: 200", "1s 1: 200", "5s 2: 200")
	})
}

func TestWebsocketMute(t *testing.T) {
	everyWay(t, "websocket-mute", func(t *testing.T, p *road) {
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

// What is asked for by https goes through such a proxy unseen, and a cell that
// asks for it in another way says that it cannot.
func TestISPProxyDoesNotSeeTLS(t *testing.T) {
	proxy, err := Parse("isp-http", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var unsupported *UnsupportedError
	_, err = proxy.Start(t.Context(), Env{Origin: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, Mode: Forward})
	if !errors.As(err, &unsupported) {
		t.Errorf("%v, want that it is not supported", err)
	}
	if _, err := proxy.Start(t.Context(), Env{Origin: mustURL("http://127.0.0.1:1"), Mode: Reverse}); err == nil {
		t.Error("it can be asked as if it were the origin")
	}
}

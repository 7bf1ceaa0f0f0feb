package real_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/proxies"
)

// What becomes of a websocket that is asked for by GET, in forward mode with an
// absolute URI, as measured.
const (
	passes  = "passes"
	refused = "refused" // by the proxy, or by the origin because the proxy took the upgrade off
	oneWay  = "one-way" // opened, and only what the origin sends arrives
)

var upgrades = map[string]string{
	"real:apache2/jk":                   refused,
	"real:apache2/jk-streaming":         refused,
	"real:apache2/modsecurity":          passes,
	"real:apache2/stock":                refused,
	"real:apache2/streaming":            passes,
	"real:caddy/encode":                 passes,
	"real:caddy/stock":                  passes,
	"real:caddy/streaming":              passes,
	"real:envoy/stock":                  refused,
	"real:envoy/streaming":              passes,
	"real:h2o/stock":                    refused,
	"real:h2o/streaming":                passes,
	"real:h2o/websocket":                passes,
	"real:haproxy/buffer-request":       passes,
	"real:haproxy/stock":                passes,
	"real:haproxy/streaming":            passes,
	"real:lighttpd/response-only":       refused,
	"real:lighttpd/stock":               refused,
	"real:lighttpd/streaming":           passes,
	"real:mitmproxy/large-bodies":       passes,
	"real:mitmproxy/stock":              passes,
	"real:mitmproxy/streaming":          passes,
	"real:nghttpx/h2":                   refused,
	"real:nghttpx/read-timeout":         passes,
	"real:nghttpx/stock":                passes,
	"real:nghttpx/streaming":            passes,
	"real:nginx/modsecurity":            passes,
	"real:nginx/stock":                  refused,
	"real:nginx/streaming":              passes,
	"real:nginx/unbuffered":             refused,
	"real:privoxy/buffer-limit":         oneWay,
	"real:privoxy/stock":                oneWay,
	"real:privoxy/streaming":            oneWay,
	"real:squid/accel":                  refused,
	"real:squid/accel-streaming":        passes,
	"real:squid/read-timeout":           refused,
	"real:squid/stock":                  refused,
	"real:squid/streaming":              passes,
	"real:tinyproxy/stock":              refused,
	"real:tinyproxy/timeout":            refused,
	"real:traefik/compress":             passes,
	"real:traefik/stock":                passes,
	"real:traefik/streaming":            passes,
	"real:trafficserver/active-timeout": passes,
	"real:trafficserver/client-timeout": passes,
	"real:trafficserver/forward":        passes,
	"real:trafficserver/stock":          passes,
	"real:trafficserver/streaming":      passes,
	"real:varnish/stock":                refused,
	"real:varnish/streaming":            passes,
	"real:varnish/whole":                refused,
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p proxies.Proxy) {
		to := page(t, func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return // it has answered
			}
			defer c.CloseNow()
			if c.Write(r.Context(), websocket.MessageText, []byte("hello")) != nil {
				return
			}
			for {
				kind, message, err := c.Read(r.Context())
				if err != nil || c.Write(r.Context(), kind, message) != nil {
					return
				}
			}
		})
		c, u := reach(t, kept(t, p, ""), to)
		if got := converse(t, c, u.String()); got != upgrades[p.Name()] {
			t.Errorf("%s, want %s", got, upgrades[p.Name()])
		}
	})
}

// converse opens a websocket and waits for the greeting and an echo.
func converse(t *testing.T, c *http.Client, u string) string {
	c.Timeout = 0 // it would end the websocket
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, u, &websocket.DialOptions{HTTPClient: c})
	if err != nil {
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		return refused
	}
	defer ws.CloseNow()
	if _, greeting, err := ws.Read(ctx); err != nil || string(greeting) != "hello" {
		t.Fatalf("greeting %q, %v", greeting, err)
	}
	if err := ws.Write(ctx, websocket.MessageText, []byte("echo")); err != nil {
		t.Fatal(err)
	}
	echo := make(chan string, 1)
	go func() {
		_, message, err := ws.Read(ctx)
		if err != nil {
			message = []byte(err.Error())
		}
		echo <- string(message)
	}()
	wait := time.NewTimer(20 * time.Second)
	if upgrades["real:"+t.Name()[len("TestUpgrade/"):]] == oneWay {
		wait.Reset(patience)
	}
	defer wait.Stop()
	select {
	case got := <-echo:
		if got != "echo" {
			t.Fatalf("echo %q", got)
		}
		return passes
	case <-wait.C:
		cancel()
		<-echo
		return oneWay
	}
}

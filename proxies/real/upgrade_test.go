package real_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
)

// upgrades are the configurations that let a client change to WebSocket. AJP
// has no words for it, so mod_jk is not among them.
var upgrades = []string{
	"real:apache2/streaming", "real:apache2/modsecurity", "real:haproxy/stock", "real:haproxy/streaming",
	"real:lighttpd/streaming", "real:nginx/streaming", "real:nginx/modsecurity", "real:traefik/stock",
	"real:traefik/streaming", "real:traefik/compress", "real:varnish/streaming",
}

// After a change of protocol bytes pass both ways, each way without the other;
// without it the origin sees an ordinary request.
func TestUpgrade(t *testing.T) {
	each(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, echoAfterUpgrade))
		conn, err := net.Dial("tcp", in.Route().Base.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		want := http.StatusUpgradeRequired
		if slices.Contains(upgrades, p.Name()) {
			want = http.StatusSwitchingProtocols
		}
		if resp.StatusCode != want {
			t.Fatalf("%s, want %d", resp.Status, want)
		}
		if want != http.StatusSwitchingProtocols {
			return
		}
		for _, said := range []string{"origin first\n", "one\n", "two\n"} {
			if !strings.HasPrefix(said, "origin") {
				io.WriteString(conn, said)
			}
			if got, err := r.ReadString('\n'); got != said || err != nil {
				t.Fatalf("%q came back of %q: %v", got, said, err)
			}
		}
	})
}

// echoAfterUpgrade is an origin that speaks first and then repeats what it
// hears. The bytes are no WebSocket frames: nobody on the way looks.
func echoAfterUpgrade(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\norigin first\n")
	_, _ = io.Copy(conn, conn) // ends with the connection
}

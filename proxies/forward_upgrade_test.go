package proxies

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// WebKitGTK asks a proxy for a web socket by GET of a ws:// URL; others that
// use GET say http://.
func TestForwardUpgrade(t *testing.T) {
	for _, scheme := range []string{"http", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			in, origin := start(t, "transparent", Env{Mode: Forward}, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Upgrade") != "websocket" {
					t.Errorf("the origin was asked to upgrade to %q", r.Header.Get("Upgrade"))
				}
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello\n")
			})
			conn, err := net.Dial("tcp", in.Route().Proxy.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET %s://%s/x HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", scheme, origin.Host, origin.Host)
			r := bufio.NewReader(conn)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("status %d", resp.StatusCode)
			}
			if line, err := r.ReadString('\n'); strings.TrimSpace(line) != "hello" {
				t.Errorf("behind the head came %q, %v", line, err)
			}
		})
	}
}

package reference

import (
	"io"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTune reads back what the options set on the accepted connection.
func TestTune(t *testing.T) {
	accepted := make(chan *net.TCPConn, 1)
	_, addr := overTCP(t, Config{Extra: map[string]http.Handler{"/conn": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		conn, _ := tcpConn(r)
		accepted <- conn
	})}})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/t/short-poll?channel=c&keepalive=2s&user_timeout=1500ms", "/conn"} {
		resp, err := client.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body) // or the connection is not used again
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, resp.Status)
		}
	}
	conn := <-accepted // the same connection: the first answer was whole
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		opt, want int
	}{
		{"TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, 1500},
		{"TCP_KEEPIDLE", unix.TCP_KEEPIDLE, 2},
		{"TCP_KEEPINTVL", unix.TCP_KEEPINTVL, 2},
		{"TCP_KEEPCNT", unix.TCP_KEEPCNT, unansweredProbes},
	} {
		var got int
		if err := raw.Control(func(fd uintptr) { got, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, tt.opt) }); err != nil {
			t.Fatal(err)
		}
		if got != tt.want {
			t.Errorf("%s = %d, want %d", tt.name, got, tt.want)
		}
	}
}

package clients

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// A client that has vanished takes nothing from the wire and acknowledges
// nothing, so that TCP sends again and again; when its context ends, its far
// end hears of that as ever.
func TestVanish(t *testing.T) {
	for _, c := range []measure.Client{NewGo(), twoConnections()} {
		t.Run(c.Name(), func(t *testing.T) {
			gone, left, again := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
			s := at("xhr-streaming", rawOrigin(t, func(_ *http.Request, conn net.Conn) {
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + msg1 + "\n"))
				<-gone
				again <- sendsAgain(conn)
				for buf := make([]byte, 1); ; {
					if _, err := conn.Read(buf); err != nil {
						close(left)
						return
					}
				}
			}))
			vanish := make(chan struct{})
			s.Vanish = vanish
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			seen, returned := make(chan measure.Event, 64), make(chan error, 1)
			go func() { returned <- c.Subscribe(ctx, s, func(e measure.Event) { seen <- e }) }()
			for (<-seen).Kind != measure.Received {
			}
			close(vanish)
			close(gone)
			if !<-again {
				t.Error("what was sent is acknowledged")
			}
			cancel()
			if err := <-returned; err != nil {
				t.Fatal(err)
			}
			select {
			case <-left:
			case <-time.After(20 * time.Second):
				t.Error("the origin was not told that the client left")
			}
		})
	}
}

// sendsAgain writes until TCP has had to repeat something, for at most 10 s.
// The first pieces may still arrive: the filter comes at its own time.
func sendsAgain(c net.Conn) bool {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return false
	}
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	repeated := false
	for end := time.Now().Add(10 * time.Second); !repeated && time.Now().Before(end); <-ticker.C {
		if _, err := c.Write([]byte(" ")); err != nil {
			return false
		}
		_ = raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			repeated = err == nil && info.Total_retrans > 1
		})
	}
	return repeated
}

func TestVanishNeedsTCP(t *testing.T) {
	s := at("xhr-streaming", "https://127.0.0.1:1")
	s.Target.HTTP = "3"
	s.Vanish = make(chan struct{})
	if err := NewGo().Subscribe(t.Context(), s, func(measure.Event) {}); err == nil || !strings.Contains(err.Error(), "TCP") {
		t.Errorf("error %v", err)
	}
}

package ports

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// The range that addresses are taken from. It lies below the one from which
// Linux, macOS and Windows take the local ports of outgoing connections: such a
// connection would hold the port, and its remains for a minute after.
const (
	lowest  = 20000
	highest = 32767
)

// tries bounds the search; on any machine that works the first few succeed.
const tries = 200

// ErrNone says that no free port was found.
var ErrNone = errors.New("no free loopback port")

// recent are the ports handed out last.
var recent = struct {
	sync.Mutex
	ports [1024]int
	next  int
}{}

// Free returns an address on 127.0.0.1 that nothing listens on right now, as
// host:port.
func Free() (string, error) { return FreeOn("127.0.0.1") }

// FreeOn is Free for another local address.
func FreeOn(host string) (string, error) {
	var last error
	for range tries {
		port := lowest + rand.IntN(highest-lowest+1)
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		if !claim(port) {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("find a port: %w", err)
		}
		return addr, nil
	}
	if last != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, last)
	}
	return "", ErrNone
}

// claim notes port as handed out unless it was lately.
func claim(port int) bool {
	recent.Lock()
	defer recent.Unlock()
	for _, p := range recent.ports {
		if p == port {
			return false
		}
	}
	recent.ports[recent.next] = port
	recent.next = (recent.next + 1) % len(recent.ports)
	return true
}

// The pauses between two attempts of Wait.
const (
	firstPause = time.Millisecond
	pause      = 20 * time.Millisecond
)

// Wait connects to addr until it answers. It ends with ctx's error, or when
// gone is closed (nil is never), which says that whoever was to answer ended:
// then the error is ErrGone. The connection is closed at once.
func Wait(ctx context.Context, addr string, gone <-chan struct{}) error {
	var dialer net.Dialer
	for wait := firstPause; ; wait = min(2*wait, pause) {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-gone:
			timer.Stop()
			return ErrGone
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for %s: %w", addr, ctx.Err())
		}
	}
}

// ErrGone says that a program ended before it answered.
var ErrGone = errors.New("it ended before it answered")

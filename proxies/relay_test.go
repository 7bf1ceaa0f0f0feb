package proxies

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// target accepts one connection after another and hands each to talk.
func target(t *testing.T, talk func(*net.TCPConn)) (string, func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talk(c.(*net.TCPConn))
		}
	}()
	return l.Addr().String(), func() { l.Close(); <-done }
}

func dialTCP(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c.(*net.TCPConn)
}

func TestRelayPassesHalves(t *testing.T) {
	address, stop := target(t, func(c *net.TCPConn) {
		defer c.Close()
		request, _ := io.ReadAll(c) // to the client's FIN
		_, _ = c.Write(append([]byte("got "), request...))
	})
	defer stop()
	relay, err := NewRelay(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	c := dialTCP(t, relay.Addr())
	_, _ = io.WriteString(c, "ping")
	_ = c.CloseWrite()
	answer, err := io.ReadAll(c)
	if err != nil || string(answer) != "got ping" {
		t.Errorf("%q, %v", answer, err)
	}
	c.Close()
	waitFor(t, func() bool { return relay.Stats() == RelayStats{Accepted: 1, Connected: 1, Delivered: 1, Answered: 1} })
}

func TestRelayPassesResets(t *testing.T) {
	t.Run("from the target", func(t *testing.T) {
		address, stop := target(t, func(c *net.TCPConn) {
			_, _ = c.Read(make([]byte, 1))
			reset(c)
		})
		defer stop()
		relay, err := NewRelay(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close()
		c := dialTCP(t, relay.Addr())
		defer c.Close()
		_, _ = io.WriteString(c, "x")
		if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
		waitFor(t, func() bool { return relay.Stats() == RelayStats{Accepted: 1, Connected: 1, Delivered: 1} })
	})
	t.Run("from the client", func(t *testing.T) {
		seen := make(chan error, 1)
		address, stop := target(t, func(c *net.TCPConn) {
			defer c.Close()
			_, err := io.ReadAll(c)
			seen <- err
		})
		defer stop()
		relay, err := NewRelay(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close()
		c := dialTCP(t, relay.Addr())
		_, _ = io.WriteString(c, "x")
		waitFor(t, func() bool { return relay.Stats().Delivered == 1 })
		reset(c)
		if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
	})
}

func TestRelayTargetDown(t *testing.T) {
	address, stop := target(t, func(c *net.TCPConn) {})
	stop() // nobody listens any more
	relay, err := NewRelay(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	// The reset may even overtake the end of the client's own connect.
	if c, err := net.Dial("tcp", relay.Addr()); err == nil {
		defer c.Close()
		if _, err := io.ReadAll(c); err == nil {
			t.Error("the connection ended as if all were well")
		}
	}
	waitFor(t, func() bool { return relay.Stats() == RelayStats{Accepted: 1, Undelivered: 1} })
}

func TestRelayCloseEndsConnections(t *testing.T) {
	address, stop := target(t, func(c *net.TCPConn) {
		defer c.Close()
		_, _ = io.Copy(io.Discard, c)
	})
	defer stop()
	relay, err := NewRelay(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	c := dialTCP(t, relay.Addr())
	defer c.Close()
	waitFor(t, func() bool { return relay.Stats().Connected == 1 })
	if err := relay.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("still open")
	}
	if err := relay.Close(); err != nil {
		t.Error(err)
	}
}

// waitFor waits for what has to come about; only failing takes long.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come about")
		}
	}
}

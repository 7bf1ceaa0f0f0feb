package reference

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stalled subscribes, reads the head and the hello, and reads no more.
func (b *bench) stalled(target string) *client {
	b.t.Helper()
	c := b.dial()
	c.send("GET " + target + " HTTP/1.1\r\nHost: origin\r\n\r\n")
	buf := make([]byte, 64<<10)
	for !strings.Contains(c.got.String(), `"hello"`) {
		n, err := c.conn.Read(buf)
		if err != nil {
			b.t.Fatal(err)
		}
		c.got.Write(buf[:n])
	}
	synctest.Wait()
	return c
}

// flood publishes n numbered messages without waiting for subscribers.
func (b *bench) flood(channel string, n int) {
	b.t.Helper()
	for i := range n {
		if _, err := b.hub.Publish(channel, "application/json", fmt.Appendf(nil, `{"n":%d}`, i+1), 0); err != nil {
			b.t.Fatal(err)
		}
	}
	synctest.Wait()
}

func TestSlowDisconnects(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.stalled("/t/xhr-streaming?channel=c")
		b.flood("c", queueMessages)
		if n := b.hub.Subscribers("c"); n != 1 {
			t.Fatal("disconnected within the bound")
		}
		b.flood("c", 1)
		if n := b.hub.Subscribers("c"); n != 0 {
			t.Fatal("still served beyond the bound, although it reads nothing")
		}
		go c.read()
		if !c.hungUp() {
			t.Error("the connection is still open")
		}
		if got := b.kinds("c"); !slices.Contains(got, "end slow") {
			t.Errorf("record = %q", got[len(got)-3:])
		}
	})
}

func TestSlowCountsBytes(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.stalled("/t/xhr-streaming?channel=c")
		b.publish("c", strings.Repeat("x", queueBytes/2))
		if b.hub.Subscribers("c") != 1 {
			t.Fatal("disconnected within the bound")
		}
		b.publish("c", strings.Repeat("x", queueBytes/2))
		if b.hub.Subscribers("c") != 0 {
			t.Fatal("still served beyond the bound")
		}
	})
}

func TestSlowTakesOneLargeMessage(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.stalled("/t/xhr-streaming?channel=c&recycle_bytes=0")
		b.publish("c", strings.Repeat("x", 1<<20))
		go c.read()
		if n := len(c.body()); n < 1<<20 || b.hub.Subscribers("c") != 1 {
			t.Errorf("%d bytes came", n)
		}
	})
}

// TestReplayIsNotSlow: what a client missed while away does not count.
func TestReplayIsNotSlow(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.flood("c", 1000)
		c := b.stalled("/t/xhr-streaming?channel=c&after=e7k2-0&recycle_bytes=0")
		b.flood("c", 10)
		go c.read()
		if n := strings.Count(c.body(), "sent_us"); n != 1010 {
			t.Errorf("%d messages, want 1010", n)
		}
	})
}

func TestSlowDrops(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.stalled("/t/xhr-streaming?channel=c&slow=drop&recycle_bytes=0")
		b.flood("c", queueMessages+44)
		go c.read()
		want := fmt.Sprintf(`{"control":"gap","missed":44,"next":"e7k2-%d"}`, queueMessages+45)
		if body := c.body(); strings.Count(body, "sent_us") != queueMessages || !strings.HasSuffix(body, want+"\n") {
			t.Fatalf("%d messages, end of body %q", strings.Count(body, "sent_us"), body[len(body)-200:])
		}
		b.publish("c", "live again")
		if body := c.body(); !strings.Contains(body, fmt.Sprintf(`"id":"e7k2-%d"`, queueMessages+45)) {
			t.Errorf("end of body %q", body[len(body)-200:])
		}
	})
}

func TestSlowWaitsUntilTheWindowIsOver(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.stalled("/t/xhr-streaming?channel=c&slow=wait&recycle_bytes=0&recycle_after=0")
		b.flood("c", 1000)
		fast := b.get("/t/xhr-streaming?channel=c&recycle_bytes=0") // nobody else is held up
		b.flood("c", 100)
		if n := strings.Count(fast.body(), "sent_us"); n != 100 {
			t.Errorf("%d messages came to the fast one", n)
		}
		b.flood("c", 1000)
		go c.read()
		body := c.body()
		// It blocked on the first batch, which it holds; the window is the last 1,024.
		held := strings.Index(body, `"control":"gap"`)
		if held < 0 {
			t.Fatal("no gap although the window is over")
		}
		before, after := strings.Count(body[:held], "sent_us"), strings.Count(body[held:], "sent_us")
		if after != 1024 || !strings.Contains(body, fmt.Sprintf(`"missed":%d,`, 2100-1024-before)) {
			t.Errorf("%d messages, gap %.60q, %d messages", before, body[held:], after)
		}
	})
}

// TestRecycleBreaksABlockedWrite: not even slow=wait waits for ever.
func TestRecycleBreaksABlockedWrite(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.stalled("/t/xhr-streaming?channel=c&slow=wait")
		b.flood("c", 1)
		time.Sleep(time.Minute + recycleSlip - 1)
		if b.hub.Subscribers("c") != 1 {
			t.Fatal("broken off early")
		}
		time.Sleep(1)
		synctest.Wait()
		if b.hub.Subscribers("c") != 0 {
			t.Error("still blocked")
		}
	})
}

// TestSlowOverTCP: the bound includes the kernel's share.
func TestSlowOverTCP(t *testing.T) {
	s, addr := overTCP(t, Config{})
	for _, tech := range []string{"eventsource", "websocket"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /t/%s?channel=%[1]s&recycle_bytes=0 HTTP/1.1\r\nHost: o\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", tech)
		if _, err := conn.Read(make([]byte, 12)); err != nil {
			t.Fatal(err)
		}
		published := 0
		for s.hub.Subscribers(tech) > 0 && published < 16<<20 {
			m, err := s.hub.Publish(tech, "text/plain", make([]byte, 8<<10), 0)
			if err != nil {
				t.Fatal(err)
			}
			published += m.Size()
			time.Sleep(100 * time.Microsecond) // the writer must get to run, to be stuck
		}
		if published >= 16<<20 {
			t.Fatalf("%s: still served with %d bytes unread", tech, published)
		}
		// What was taken in between: the queue, both kernel buffers, and what is
		// published while the writer is being told.
		if published > 8<<20 {
			t.Errorf("%s: disconnected only after %d bytes", tech, published)
		}
		rest, _ := io.ReadAll(conn)
		if len(rest) > 2<<20 {
			t.Errorf("%s: %d bytes were under way", tech, len(rest))
		}
	}
}

// TestEndIsNotHeldUp: a reader that stops before the last notice.
func TestEndIsNotHeldUp(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		b.stalled("/t/xhr-streaming?channel=c&slow=wait&recycle_after=0")
		b.hub.Terminate("c")
		time.Sleep(answerAllowed)
		synctest.Wait()
		if b.hub.Subscribers("c") != 0 {
			t.Error("still served")
		}
	})
}

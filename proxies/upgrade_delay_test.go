package proxies

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"
)

// frame is a text frame, masked with zeros as a client's has to be.
func frame(text string, masked bool) []byte {
	b := []byte{0x81, 0}
	switch n := len(text); {
	case n < 126:
		b[1] = byte(n)
	case n < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if masked {
		b[1] |= 0x80
		b = append(b, 0, 0, 0, 0)
	}
	return append(b, text...)
}

// Each frame is late by as much, either way; one that comes in two halves
// counts from the second.
func TestUpgradeDelay(t *testing.T) {
	everyWay(t, "fault:upgrade(delay,by=300ms)", func(t *testing.T, p *road) {
		origin := p.serve(switching(func(c net.Conn, rw *bufio.ReadWriter) {
			whole := frame("abcd", false)
			_, _ = c.Write(append(frame("1", false), whole[:3]...))
			go func() {
				time.Sleep(time.Second)
				_, _ = c.Write(whole[3:])
			}()
			p.drainAs("origin: ", rw)
			_, _ = c.Write(frame("bye", false))
		}))
		c, r := p.upgrade()
		for _, text := range []string{"x", "y"} {
			_, _ = c.Write(frame(text, true))
			time.Sleep(100 * ms)
		}
		time.AfterFunc(3*time.Second, func() { closeWrite(c) })
		p.drain(r)
		c.Close()
		p.close(origin)
		p.expectSorted("0s 101",
			"300ms "+string(frame("1", false)), "300ms origin: "+string(frame("x", true)),
			"400ms origin: "+string(frame("y", true)), "1.3s "+string(frame("abcd", false)),
			"3.5s origin: cut", "3.8s "+string(frame("bye", false)), "3.8s cut")
	})
}

// What is no websocket has no frames, and half of one that ends passes as well.
func TestUpgradeDelayOfBytes(t *testing.T) {
	for protocol, want := range map[string][]string{
		"other":     {"300ms \x81", "1.3s \x05", "2.3s abc", "2.3s cut"},
		"websocket": {"2.3s \x81\x05abc", "2.3s cut"},
	} {
		everyWay(t, "fault:upgrade(delay,by=300ms)", func(t *testing.T, p *road) {
			origin := p.serve(switching(func(c net.Conn, _ *bufio.ReadWriter) {
				for _, piece := range []string{"\x81", "\x05", "abc"} {
					_, _ = io.WriteString(c, piece)
					if piece != "abc" {
						time.Sleep(time.Second)
					}
				}
			}))
			c, r, base := p.connect()
			fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", base, originAddr, protocol)
			if _, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			p.drain(r)
			c.Close()
			p.close(origin)
			p.expect(want...)
		})
	}
}

// Requests that switch nothing are not late, and what is on its way when the
// hop is closed is dropped.
func TestUpgradeDelayEnds(t *testing.T) {
	everyWay(t, "fault:upgrade(delay,by=10s)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			if upgradeOf(r.Header) == "" {
				return
			}
			switching(func(c net.Conn, rw *bufio.ReadWriter) {
				_, _ = c.Write(frame("late", false))
				p.drainAs("origin: ", rw)
			})(w, r)
		})
		p.get()
		c, r := p.upgrade()
		_, _ = c.Write(frame("late", true))
		time.AfterFunc(2*time.Second, func() { p.hop.Close() })
		p.drain(r)
		c.Close()
		p.close(origin)
		p.expectSorted("0s head 200", "0s end", "0s 101", "2s cut", "2s origin: cut")
	})
}

func TestFrames(t *testing.T) {
	whole := [][]byte{
		frame("", false), frame("a", true), frame(string(make([]byte, 125)), false), frame(string(make([]byte, 126)), true),
		frame(string(make([]byte, 1<<16-1)), false), frame(string(make([]byte, 1<<16)), true), frame("end", false),
	}
	all := slices.Concat(whole...)
	for _, size := range []int{1, 2, 7, 4096, len(all)} {
		var f frames
		var got [][]byte
		for piece := range slices.Chunk(all, size) {
			f.feed(piece, func(b []byte) { got = append(got, b) })
		}
		if !slices.EqualFunc(got, whole, bytes.Equal) || len(f.held) != 0 {
			t.Errorf("in pieces of %d: %d frames, want %d", size, len(got), len(whole))
		}
	}
}

// A frame of any announced size passes without being held.
func TestFramesAreBounded(t *testing.T) {
	head := []byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	var f frames
	passed := 0
	for range 64 {
		f.feed(head, func(b []byte) { passed += len(b) })
		head = make([]byte, 64<<10)
		if len(f.held) > maxFrame {
			t.Fatalf("%d bytes are held", len(f.held))
		}
	}
	if want := 10 + 63*64<<10; passed != want {
		t.Errorf("%d bytes passed, want %d", passed, want)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x81, 1, 'a'}, 1)
	f.Add([]byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 3)
	f.Fuzz(func(t *testing.T, p []byte, size int) {
		if size < 1 {
			size = 1
		}
		var in frames
		var out []byte
		for piece := range slices.Chunk(p, size) {
			in.feed(piece, func(b []byte) { out = append(out, b...) })
		}
		if got := append(out, in.held...); !bytes.Equal(got, p) {
			t.Errorf("%x became %x", p, got)
		}
	})
}

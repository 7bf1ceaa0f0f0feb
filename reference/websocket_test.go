package reference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// socket opens a websocket over a pipe.
func (b *bench) socket(query string, pong bool) *websocket.Conn {
	b.t.Helper()
	return b.socketAt("websocket?channel=c"+query, pong)
}

// socketAt opens one below /t/.
func (b *bench) socketAt(target string, pong bool) *websocket.Conn {
	b.t.Helper()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return b.dial().conn, nil }}
	conn, _, err := websocket.Dial(b.t.Context(), "http://origin/t/"+target, &websocket.DialOptions{
		HTTPClient:     &http.Client{Transport: transport},
		HTTPHeader:     http.Header{"Origin": {"https://elsewhere.example"}},
		OnPingReceived: func(context.Context, []byte) bool { return pong },
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(-1)
	synctest.Wait()
	return conn
}

// frames reads until the socket closes.
func frames(conn *websocket.Conn) (texts []string, err error) {
	for {
		kind, b, err := conn.Read(context.Background())
		if err != nil {
			return texts, err
		}
		if kind != websocket.MessageText {
			return texts, fmt.Errorf("frame of type %v", kind)
		}
		texts = append(texts, string(b))
	}
}

func TestSocketEnds(t *testing.T) {
	for _, tt := range []struct {
		query  string
		end    func(*bench)
		reason string
		code   websocket.StatusCode
	}{
		{"&limit=2", func(*bench) {}, ReasonLimit, websocket.StatusNormalClosure},
		{"", func(b *bench) { b.hub.Terminate("c") }, ReasonTerminated, websocket.StatusNormalClosure},
		{"&recycle_bytes=100", func(*bench) {}, ReasonRecycleBytes, websocket.StatusGoingAway},
		{"&recycle_after=10s", func(*bench) { time.Sleep(10 * time.Second) }, ReasonRecycleTime, websocket.StatusGoingAway},
		{"", func(b *bench) { b.Shutdown(context.Background()) }, ReasonShutdown, websocket.StatusGoingAway},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				conn := b.socket(tt.query, true)
				type result struct {
					texts []string
					err   error
				}
				done := make(chan result, 1)
				go func() { texts, err := frames(conn); done <- result{texts, err} }()
				b.publish("c", "one")
				if tt.reason != ReasonRecycleBytes {
					b.publish("c", "two")
				}
				tt.end(b)
				got := <-done
				if code := websocket.CloseStatus(got.err); code != tt.code {
					t.Errorf("closed with %v (%v), want %v", code, got.err, tt.code)
				}
				if last := got.texts[len(got.texts)-1]; !strings.Contains(last, `"reason":"`+tt.reason+`"`) {
					t.Errorf("last frame = %s", last)
				}
				if !strings.HasPrefix(got.texts[0], `{"control":"hello"`) || !strings.HasSuffix(got.texts[1], `"data":"one"}`) {
					t.Errorf("frames = %q", got.texts)
				}
			})
		})
	}
}

func TestSocketPings(t *testing.T) {
	for _, pong := range []bool{true, false} {
		inBubble(t, Config{}, func(t *testing.T, b *bench) {
			conn := b.socket("&heartbeat=5s&recycle_after=0", pong)
			go frames(conn)
			time.Sleep(21 * time.Second)
			synctest.Wait()
			// A pong that does not come is not the server's to judge.
			if n := strings.Count(strings.Join(b.kinds("c"), " "), "heartbeat"); n != 4 || b.hub.Subscribers("c") != 1 {
				t.Errorf("pong %v: %d heartbeats, record %q", pong, n, b.kinds("c"))
			}
			conn.CloseNow()
		})
	}
}

func TestSocketNotesWhatItIsSent(t *testing.T) {
	long := strings.Repeat("é", 3000) // characters lie across reads
	for _, tt := range []struct {
		name string
		kind websocket.MessageType
		body []byte
		want websocket.StatusCode // 0: goes on
	}{
		{"text", websocket.MessageText, []byte(long), 0},
		{"odd text", websocket.MessageText, []byte("x" + long), 0},
		{"binary", websocket.MessageBinary, []byte{0xff, 0xfe}, 0},
		{"one megabyte", websocket.MessageBinary, bytes.Repeat([]byte("x"), 1<<20), 0},
		{"more", websocket.MessageBinary, bytes.Repeat([]byte("x"), 1<<20+2), websocket.StatusMessageTooBig},
		{"not UTF-8", websocket.MessageText, []byte(long + "\xff" + long), websocket.StatusInvalidFramePayloadData},
		{"ends within a character", websocket.MessageText, []byte(long + "\xc3"), websocket.StatusInvalidFramePayloadData},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				conn := b.socket("", true)
				read := make(chan error, 1)
				go func() { _, err := frames(conn); read <- err }()
				// The far end may close in the middle of it.
				_ = conn.Write(t.Context(), tt.kind, tt.body)
				synctest.Wait()
				if tt.want == 0 {
					sum := sha256.Sum256(append([]byte("b:"), tt.body...))
					events, _, _ := b.record.since("c", 0)
					if up := events[len(events)-1]; up.Kind != kindMessage || up.Bytes != len(tt.body) || up.Sum != hex.EncodeToString(sum[:4]) {
						t.Errorf("record %+v", up)
					}
					if b.hub.Subscribers("c") != 1 {
						t.Errorf("closed: %v", <-read)
					}
					return
				}
				if err := <-read; websocket.CloseStatus(err) != tt.want {
					t.Errorf("closed with %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func TestSocketNoticesDeparture(t *testing.T) {
	for name, leave := range map[string]func(*websocket.Conn){
		"closed": func(c *websocket.Conn) { c.Close(websocket.StatusNormalClosure, "") },
		"cut":    func(c *websocket.Conn) { c.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				conn := b.socket("", true)
				go frames(conn)
				synctest.Wait()
				leave(conn)
				synctest.Wait()
				last := b.kinds("c")
				if b.hub.Subscribers("c") != 0 || !strings.HasPrefix(last[len(last)-1], "abort-noticed context: read: ") {
					t.Errorf("record = %q", last)
				}
			})
		})
	}
}

func TestSocketWithoutUpgrade(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for _, version := range []string{"1.1", "1.0"} {
			resp, _, _ := b.open("GET /t/websocket?channel=c HTTP/" + version + "\r\nHost: o\r\nCookie: a=b\r\n\r\n").answer()
			if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
				t.Errorf("%s %v", resp.Status, resp.Header)
			}
		}
		events, _, _ := b.record.since("c", 0)
		e := events[0]
		if e.Kind != kindError || e.Status != 426 || e.Sub != 1 || !strings.HasPrefix(e.Note, "technique=websocket cookie=yes status=426: ") {
			t.Errorf("recorded %+v", e)
		}
		bad := b.open("GET /t/websocket?channel=c HTTP/1.1\r\nHost: o\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n")
		if !strings.HasPrefix(bad.wire(), "HTTP/1.1 400 ") || !slices.Equal(b.kinds("c"), []string{"error", "error", "error"}) {
			t.Errorf("without a key: %q, record %q", bad.wire(), b.kinds("c"))
		}
	})
}

// TestSocketIsNotHeldUpByAMuteClient: a client that neither reads nor answers
// the closing handshake.
func TestSocketIsNotHeldUpByAMuteClient(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.dial()
		c.send("GET /t/websocket?channel=c&slow=wait HTTP/1.1\r\nHost: o\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		if _, err := io.ReadAtLeast(c.conn, make([]byte, 4096), 200); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		b.flood("c", 3)
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := b.Shutdown(ctx); err == nil {
			t.Error("no error although the subscriber was cut off")
		}
		if took := time.Since(start); took > 2*time.Second || b.hub.Subscribers("c") != 0 {
			t.Errorf("took %v, %d subscribers", took, b.hub.Subscribers("c"))
		}
	})
}

package reference

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// socketReadLimit is the largest message a client may send.
const socketReadLimit = 1 << 20

var errInvalidText = errors.New("text frame is not UTF-8")

// socketOutlet writes frames to a websocket, and reads what the client sends,
// of which it keeps the size and a sum.
type socketOutlet struct {
	conn   *websocket.Conn
	raw    net.Conn
	heard  func(n int, sum string) // is told of each message that came up
	ctx    context.Context         // of the socket; ends when the peer leaves
	cancel context.CancelCauseFunc
	free   func() bool    // unties interrupt from ctx
	tasks  sync.WaitGroup // the reader and the ping

	pinging chan struct{} // holds one token while a ping waits for its pong
}

// newSocketOutlet starts the reader. The context it returns ends, with the
// cause, when the peer is gone or misbehaves.
func newSocketOutlet(ctx context.Context, conn *websocket.Conn, raw net.Conn, heard func(n int, sum string)) (*socketOutlet, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	o := &socketOutlet{conn: conn, raw: raw, heard: heard, ctx: ctx, cancel: cancel, pinging: make(chan struct{}, 1)}
	conn.SetReadLimit(socketReadLimit)
	o.free = context.AfterFunc(ctx, o.interrupt) // nobody waits for a write to a peer that is gone
	o.tasks.Go(o.read)
	return o, ctx
}

func (o *socketOutlet) read() {
	buf := make([]byte, 4096)
	for {
		if err := o.discard(buf); err != nil {
			if errors.Is(err, errInvalidText) {
				_ = o.conn.Close(websocket.StatusInvalidFramePayloadData, errInvalidText.Error())
			}
			o.cancel(fmt.Errorf("read: %w", err))
			return
		}
	}
}

// newFrameSum begins the sum of a message that comes up, and frameSum writes
// it: the first 8 hex digits of the SHA-256 of "b:" and its bytes.
func newFrameSum() hash.Hash {
	h := sha256.New()
	h.Write([]byte("b:"))
	return h
}

func frameSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)[:4]) }

// discard reads one message, which must be UTF-8 if it is text.
func (o *socketOutlet) discard(buf []byte) error {
	// Reads live as long as the connection: a context that ends would break
	// it off before the closing handshake.
	kind, r, err := o.conn.Reader(context.Background())
	if err != nil {
		return err
	}
	sum, size := newFrameSum(), 0
	kept := 0 // bytes of an unfinished character
	for {
		n, err := r.Read(buf[kept:])
		sum.Write(buf[kept : kept+n])
		size += n
		if kind == websocket.MessageText {
			text := buf[:kept+n]
			for len(text) > 0 && utf8.FullRune(text) {
				c, size := utf8.DecodeRune(text)
				if c == utf8.RuneError && size == 1 {
					return errInvalidText
				}
				text = text[size:]
			}
			kept = copy(buf, text)
		}
		if err == io.EOF {
			if kept > 0 {
				return errInvalidText
			}
			o.heard(size, frameSum(sum))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// head has nothing to do: a socket opens when its head is there.
func (o *socketOutlet) head() error { return nil }

func (o *socketOutlet) send(frame []byte, _ bool) error {
	return o.conn.Write(context.Background(), websocket.MessageText, frame)
}

// breakOff writes a text frame's head and half of what the head promises.
// Nothing else is written then but pings, whose place between frames it has.
func (o *socketOutlet) breakOff(frame []byte) error {
	head := []byte{0x81, byte(len(frame))} // RFC 6455, 5.2: the last frame of a text message
	switch {
	case len(frame) > math.MaxUint16:
		head = binary.BigEndian.AppendUint64([]byte{0x81, 127}, uint64(len(frame)))
	case len(frame) > 125:
		head = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(frame)))
	}
	_, err := o.raw.Write(append(head, frame[:len(frame)/2]...))
	return err
}

// heartbeat sends a ping and leaves the pong to wait for itself; while one is
// awaited no other is sent.
func (o *socketOutlet) heartbeat() error {
	select {
	case o.pinging <- struct{}{}:
	default:
		return nil
	}
	o.tasks.Go(func() {
		_ = o.conn.Ping(o.ctx) // a peer that is gone is noticed by the reader and by writes
		<-o.pinging
	})
	return nil
}

func (o *socketOutlet) allow(d time.Duration) {
	_ = o.raw.SetWriteDeadline(time.Now().Add(d)) // fails on a closed connection only, as the next write does
}

func (o *socketOutlet) interrupt() { _ = o.raw.SetWriteDeadline(time.Now()) }

// close does the closing handshake and waits for the reader.
func (o *socketOutlet) close(code websocket.StatusCode) {
	o.free()
	o.allow(closeAllowed)
	cut := time.AfterFunc(closeAllowed, func() { o.raw.Close() })
	_ = o.conn.Close(code, "") // the peer may be gone by now
	cut.Stop()
	o.abandon()
}

// abandon closes the connection as it is and waits for the reader.
func (o *socketOutlet) abandon() {
	o.cancel(context.Canceled)
	o.raw.Close()
	_ = o.conn.CloseNow()
	o.tasks.Wait()
}

// hijacked keeps hold of the connection behind a websocket, to set deadlines
// on it.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Unwrap serves http.ResponseController.
func (h *hijacked) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Hijack implements http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}

// headerHas reports whether a comma-separated header has a token, in any case.
func headerHas(h http.Header, key, token string) bool {
	for _, line := range h.Values(key) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

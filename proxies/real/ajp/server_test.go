package ajp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that waits for what never comes.
const patience = 20 * time.Second

// start runs an adapter in front of an origin.
func start(t *testing.T, h http.HandlerFunc) *Adapter {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return startAt(t, u)
}

func startAt(t *testing.T, u *url.URL) *Adapter {
	t.Helper()
	a, err := Listen("127.0.0.1:0", u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// webServer is the other end of a connection to the adapter.
type webServer struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

func dial(t *testing.T, a *Adapter) *webServer {
	t.Helper()
	nc, err := net.Dial("tcp", a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &webServer{t: t, nc: nc, r: bufio.NewReader(nc)}
}

func (w *webServer) send(packets ...[]byte) {
	w.t.Helper()
	for _, p := range packets {
		if _, err := w.nc.Write(p); err != nil {
			w.t.Fatal(err)
		}
	}
}

// packet reads one packet, whole; nil at the end of the connection.
func (w *webServer) packet() []byte {
	w.t.Helper()
	p := make([]byte, 4)
	if _, err := io.ReadFull(w.r, p); err != nil {
		if !errors.Is(err, io.EOF) {
			w.t.Errorf("the connection did not end between packets: %v", err)
		}
		return nil
	}
	n := int(binary.BigEndian.Uint16(p[2:]))
	if string(p[:2]) != "AB" || n == 0 || n > maxPayload {
		w.t.Fatalf("a packet begins with % x", p)
	}
	p = append(p, make([]byte, n)...)
	if _, err := io.ReadFull(w.r, p[4:]); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// answer reads packets to the end of the answer and returns its status, its body
// and whether the connection can be used again. Asked for more, it sends
// nothing.
func (w *webServer) answer() (status int, body []byte, reuse bool) {
	w.t.Helper()
	for {
		p := w.packet()
		if p == nil {
			w.t.Fatal("the connection ended before the answer")
		}
		switch p[4] {
		case codeSendHeaders:
			status = int(binary.BigEndian.Uint16(p[5:]))
		case codeSendBodyChunk:
			body = append(body, chunkOf(w.t, p)...)
		case codeEndResponse:
			return status, body, p[5] == 1
		}
	}
}

// chunkOf returns the data of a SEND_BODY_CHUNK.
func chunkOf(t *testing.T, p []byte) []byte {
	t.Helper()
	n := int(binary.BigEndian.Uint16(p[5:]))
	if p[4] != codeSendBodyChunk || len(p) != 4+1+2+n+1 || p[len(p)-1] != 0 {
		t.Fatalf("no body chunk: % x", p)
	}
	return p[7 : 7+n]
}

// packetOf is a packet of the web server.
func packetOf(payload []byte) []byte {
	return append(appendInteger(appendInteger(nil, magicServer), len(payload)), payload...)
}

// requestFor is a FORWARD_REQUEST as mod_jk writes one.
func requestFor(method byte, uri string, header ...string) []byte {
	b := []byte{codeForwardRequest, method}
	for _, text := range []string{"HTTP/1.1", uri, "127.0.0.1"} {
		b = appendText(b, text)
	}
	b = appendInteger(b, noString)
	b = appendInteger(appendText(b, "origin.example"), 80)
	b = append(b, 0)
	b = appendInteger(b, len(header)/2)
	for _, text := range header {
		b = appendText(b, text)
	}
	return packetOf(append(b, attributesEnd))
}

const get, head, post = 2, 3, 4

var origin = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}

func bodyPacket(data []byte) []byte {
	return packetOf(append(appendInteger(nil, len(data)), data...))
}

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.URL.Path) }

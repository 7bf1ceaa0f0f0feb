package ajp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPingAndManyRequestsOnOneConnection(t *testing.T) {
	w := dial(t, start(t, hello))
	for i := range 3 {
		w.send(packetOf([]byte{codeCPing}))
		if p := w.packet(); !bytes.Equal(p, []byte{'A', 'B', 0, 1, codeCPong}) {
			t.Fatalf("a ping is answered with % x", p)
		}
		uri := fmt.Sprintf("/%d", i)
		w.send(requestFor(get, uri))
		if status, body, reuse := w.answer(); status != 200 || string(body) != "hello "+uri || !reuse {
			t.Fatalf("answer %d: %q, again %v", status, body, reuse)
		}
	}
}

// A flush follows each piece at once: the origin writes the next only when the
// web server has the one before.
func TestStreamsPieceByPiece(t *testing.T) {
	arrived := make(chan bool)
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(rw)
		control.Flush()
		<-arrived
		for i := range 3 {
			fmt.Fprintf(rw, "piece %d", i)
			control.Flush()
			<-arrived
		}
	}))
	w.send(requestFor(get, "/"))
	if p := w.packet(); p[4] != codeSendHeaders {
		t.Fatalf("first comes % x", p)
	}
	flushed := func() {
		t.Helper()
		if chunk := chunkOf(t, w.packet()); len(chunk) > 0 {
			t.Fatalf("%q where a flush should be", chunk)
		}
		arrived <- true
	}
	flushed()
	for i := range 3 {
		if got := string(chunkOf(t, w.packet())); got != fmt.Sprintf("piece %d", i) {
			t.Fatalf("piece %d is %q", i, got)
		}
		flushed()
	}
	if p := w.packet(); p[4] != codeEndResponse {
		t.Fatalf("last comes % x", p)
	}
}

// Several packets each way, none larger than the protocol allows (packet
// checks that), and asked for one at a time.
func TestLargeBodies(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcde\n"), 4<<10) // 64 KB
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(rw).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(rw, r.Body); err != nil {
			t.Error(err)
		}
	}))
	for _, header := range [][]string{{"Content-Length", fmt.Sprint(len(data))}, {"Transfer-Encoding", "chunked"}} {
		left := data
		next := func() {
			n := min(len(left), maxBodyChunk)
			w.send(bodyPacket(left[:n]))
			left = left[n:]
		}
		w.send(requestFor(post, "/", header...))
		if header[0] == "Content-Length" {
			next()
		}
		var got []byte
		for p := w.packet(); p[4] != codeEndResponse; p = w.packet() {
			switch p[4] {
			case codeGetBodyChunk:
				next()
			case codeSendBodyChunk:
				got = append(got, chunkOf(t, p)...)
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes came back of %d", header[0], len(got), len(data))
		}
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/204" {
			rw.WriteHeader(http.StatusNoContent)
		}
		rw.Header().Set("Content-Length", "5")
	}))
	for _, request := range [][]byte{requestFor(head, "/"), requestFor(get, "/204")} {
		w.send(request)
		if p := w.packet(); p[4] != codeSendHeaders {
			t.Errorf("first comes % x", p)
		}
		if p := w.packet(); !bytes.Equal(p[4:], []byte{codeEndResponse, 1}) {
			t.Errorf("then % x", p)
		}
	}
}

// The origin answers before it has the body. The rest of it must not be taken
// for another request, so the connection ends, and ends well.
func TestAnAnswerBeforeTheBody(t *testing.T) {
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Connection", "close")
		http.Error(rw, "enough", http.StatusRequestEntityTooLarge)
	}))
	w.send(requestFor(post, "/", "Content-Length", "100000"), bodyPacket(make([]byte, maxBodyChunk)))
	if status, body, reuse := w.answer(); status != http.StatusRequestEntityTooLarge || string(body) != "enough\n" || reuse {
		t.Errorf("answer %d: %q, again %v", status, body, reuse)
	}
	w.send(bodyPacket(make([]byte, maxBodyChunk))) // asked for before the answer
	if p := w.packet(); p != nil {
		t.Errorf("after the end % x", p)
	}
}

func TestABodyThatEndsTooSoonIsNoWholeRequest(t *testing.T) {
	read := make(chan error, 1)
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}))
	w.send(requestFor(post, "/", "Content-Length", "10"), bodyPacket([]byte("hello")))
	if p := w.packet(); p[4] != codeGetBodyChunk {
		t.Fatalf("% x", p)
	}
	w.send(bodyPacket(nil))
	if err := <-read; err == nil {
		t.Error("the origin took half a request for a whole one")
	}
}

func TestAWebServerThatLeavesEndsTheRequest(t *testing.T) {
	in, gone := make(chan bool), make(chan bool)
	a := start(t, func(rw http.ResponseWriter, r *http.Request) {
		http.NewResponseController(rw).Flush()
		in <- true
		<-r.Context().Done() // silent all the while
		close(gone)
	})
	w := dial(t, a)
	w.send(requestFor(get, "/"))
	<-in
	w.nc.Close()
	<-gone
}

func TestAnOriginThatBreaksOffLeavesNoEnd(t *testing.T) {
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, "half")
		http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}))
	w.send(requestFor(get, "/"))
	var last []byte
	for p := w.packet(); p != nil; p = w.packet() {
		last = p
	}
	if last == nil || last[4] != codeSendBodyChunk {
		t.Errorf("last came % x", last)
	}
}

func TestCloseBreaksOff(t *testing.T) {
	in := make(chan bool)
	a := start(t, func(rw http.ResponseWriter, r *http.Request) {
		in <- true
		<-r.Context().Done()
	})
	w, idle := dial(t, a), dial(t, a)
	w.send(requestFor(get, "/"))
	<-in
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for _, w := range []*webServer{w, idle} {
		if p := w.packet(); p != nil {
			t.Errorf("after the end % x", p)
		}
	}
	if nc, err := net.Dial("tcp", a.Addr()); err == nil {
		nc.Close()
		t.Error("it still listens")
	}
}

// A request is asked once, whatever becomes of it.
func TestNothingIsRepeated(t *testing.T) {
	var asked atomic.Int32
	w := dial(t, start(t, func(rw http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	for i, want := range []int{200, 502, 502} {
		w.send(requestFor(get, "/"))
		if status, _, reuse := w.answer(); status != want || !reuse {
			t.Errorf("answer %d is %d, again %v", i, status, reuse)
		}
		if n := asked.Load(); int(n) != i+1 {
			t.Errorf("%d requests came of %d", n, i+1)
		}
	}
}

func TestWhatCannotBePassedOn(t *testing.T) {
	large := start(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Large", strings.Repeat("x", maxPacket))
	})
	nobody := startAt(t, origin)
	for name, c := range map[string]struct {
		adapter *Adapter
		request []byte
		status  int
	}{
		"a head larger than a packet":  {large, requestFor(get, "/"), 502},
		"an origin that is not there":  {nobody, requestFor(get, "/"), 502},
		"a path that is none":          {large, requestFor(get, "a"), 400},
		"a path that is a whole URL":   {large, requestFor(get, "http://a/"), 400},
		"a header that would split it": {large, requestFor(get, "/", "A", "b\r\nC: d"), 502},
	} {
		w := dial(t, c.adapter)
		w.send(c.request)
		if status, _, reuse := w.answer(); status != c.status || !reuse {
			t.Errorf("%s: %d, again %v", name, status, reuse)
		}
	}
}

// The connection ends, without a word, and the adapter goes on.
func TestWhatEndsAConnection(t *testing.T) {
	held := make(chan bool)
	defer close(held)
	a := start(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			select {
			case <-held:
			case <-r.Context().Done():
			}
		}
	})
	for name, packets := range map[string][][]byte{
		"a request to shut down":    {packetOf([]byte{codeShutdown})},
		"a login":                   {packetOf([]byte{8})},
		"an empty packet":           {packetOf(nil)},
		"a container's packet":      {appendCPong(nil)},
		"a packet of 9 KB":          {packetOf(make([]byte, 9<<10))},
		"half a request":            {packetOf([]byte{codeForwardRequest, get, 0, 8, 'H'})},
		"a length that is none":     {requestFor(post, "/", "Content-Length", "-1")},
		"a method that is none":     {requestFor(0, "/")},
		"a body nobody asked for":   {requestFor(get, "/held"), bodyPacket(nil), bodyPacket(nil), bodyPacket(nil)},
		"HTTP":                      {[]byte("GET / HTTP/1.1\r\n\r\n")},
		"a body longer than it was": {requestFor(post, "/held", "Content-Length", "1"), bodyPacket([]byte("hello"))},
	} {
		w := dial(t, a)
		w.send(packets...)
		for p := w.answerOrEnd(); p != nil; p = w.answerOrEnd() {
			if p[4] == codeEndResponse && p[5] == 1 {
				t.Errorf("%s: the connection can be used again", name)
			}
		}
	}
	w := dial(t, a)
	w.send(requestFor(get, "/"))
	if status, _, _ := w.answer(); status != 200 {
		t.Errorf("afterwards: %d", status)
	}
}

// answerOrEnd is packet for connections that may be reset, since what was sent
// was not read.
func (w *webServer) answerOrEnd() []byte {
	w.t.Helper()
	if _, err := w.r.Peek(1); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.t.Error("the connection did not end")
		}
		return nil
	}
	return w.packet()
}

// An idle connection may stay; one that stops inside a packet may not.
func TestAPacketMustBeWholeInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a := &Adapter{ctx: ctx, cancel: cancel}
		ours, theirs := net.Pipe()
		done := make(chan bool)
		go func() {
			defer close(done)
			newConn(a, theirs).serve()
		}()
		time.Sleep(24 * time.Hour)
		go io.Copy(io.Discard, ours)
		if _, err := ours.Write(packetOf([]byte{codeCPing})); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if _, err := ours.Write(packetOf([]byte{codeCPing})[:3]); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-done
		if took := time.Since(began); took != packetWait {
			t.Errorf("it waited %v for the rest", took)
		}
		cancel()
		ours.Close()
	})
}

func TestListenRefuses(t *testing.T) {
	for _, u := range []*url.URL{nil, {Scheme: "https", Host: "a:1"}, {Scheme: "http"}} {
		if a, err := Listen("127.0.0.1:0", u); err == nil {
			a.Close()
			t.Errorf("it listens in front of %v", u)
		}
	}
	a := start(t, hello)
	if b, err := Listen(a.Addr(), &url.URL{Scheme: "http", Host: "a:1"}); err == nil {
		b.Close()
		t.Error("two listen on one port")
	}
}

package app

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// FuzzReadHead holds that a head is what stands in front of the body, byte for
// byte, however it comes in, and never more than may be.
func FuzzReadHead(f *testing.F) {
	for _, s := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\nbody", "\r\n\nGET / HTTP/1.0\n\n", "\r\n", "GET", strings.Repeat("x", 40<<10) + "\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		head, rest, err := headOf(bytes.NewReader(wire))
		slowly, restSlowly, errSlowly := headOf(iotest.OneByteReader(bytes.NewReader(wire)))
		if (err == nil) != (errSlowly == nil) || !bytes.Equal(head, slowly) || err == nil && !bytes.Equal(rest, restSlowly) {
			t.Fatalf("%q %v in one, %q %v byte by byte", head, err, slowly, errSlowly)
		}
		if err != nil {
			return
		}
		if len(head) > maxHead || !bytes.HasSuffix(wire, append(bytes.Clone(head), rest...)) || len(bytes.Trim(head, "\r\n")) == 0 {
			t.Errorf("head %q, rest %q of %q", head, rest, wire)
		}
	})
}

func headOf(in io.Reader) (head, rest []byte, err error) {
	r := bufio.NewReaderSize(in, 32<<10)
	if head, err = readHead(r); err == nil {
		rest, _ = io.ReadAll(r)
	}
	return head, rest, err
}

// FuzzPassBody holds that a body passes byte for byte and ends where an
// independent parser says that it ends.
func FuzzPassBody(f *testing.F) {
	for _, s := range []string{"5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\nGET /", "0\r\n\r\n", "zz\r\n", "ffffffffffffffff\r\n", "-1\r\n\r\n", "1\r\nab\r\n"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, wire []byte, chunked bool) {
		req := &http.Request{ContentLength: int64(len(wire) / 2)}
		if chunked {
			req.ContentLength, req.TransferEncoding = -1, []string{"chunked"}
		}
		in := bufio.NewReader(bytes.NewReader(wire))
		var passed bytes.Buffer
		err := passBody(&passed, in, req)
		rest, _ := io.ReadAll(in)
		if !bytes.HasPrefix(wire, passed.Bytes()) {
			t.Fatalf("%q became %q", wire, passed.Bytes())
		}
		if err != nil {
			return
		}
		if !bytes.Equal(append(passed.Bytes(), rest...), wire) {
			t.Fatalf("of %q %q passed, and %q is left", wire, passed.Bytes(), rest)
		}
		if !chunked {
			return
		}
		again, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), &passed)))
		if err != nil {
			t.Fatal(err)
		}
		// What net/http refuses is refused by applications, too; but what it
		// takes must have been the whole.
		if _, err := io.Copy(io.Discard, again.Body); err == nil && passed.Len() > 0 {
			t.Errorf("%d bytes more than the body passed", passed.Len())
		}
	})
}

// FuzzReadFrame holds that what a frame says is believed up to the limit only,
// and that frames of ours come back as they were.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x81\x02ok"), 100)
	f.Add([]byte("\x81\x82\x01\x02\x03\x04nm"), 100)
	f.Add([]byte("\x82\x7e\x00\x03abc"), 3)
	f.Add([]byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), 1<<20)
	f.Add([]byte("\x01\x05abc"), -1)
	f.Fuzz(func(t *testing.T, wire []byte, limit int) {
		op, final, payload, err := readFrame(bytes.NewReader(wire), limit)
		if len(payload) > max(0, limit) || op > 15 {
			t.Fatalf("op %d, %d bytes with a limit of %d", op, len(payload), limit)
		}
		slow, slowFinal, slowly, slowErr := readFrame(iotest.OneByteReader(bytes.NewReader(wire)), limit)
		if op != slow || final != slowFinal || !bytes.Equal(payload, slowly) || (err == nil) != (slowErr == nil) {
			t.Fatal("it depends on how the bytes come")
		}
		if err != nil {
			return
		}
		ours := []byte{op, 127}
		if final {
			ours[0] |= 0x80
		}
		ours = append(binary.BigEndian.AppendUint64(ours, uint64(len(payload))), payload...)
		if op2, final2, again, err := readFrame(bytes.NewReader(ours), len(payload)); err != nil || op2 != op || final2 != final || !bytes.Equal(again, payload) {
			t.Fatalf("%q came back as %q: %v", payload, again, err)
		}
	})
}

// FuzzObserver holds that whatever an application says, reading along comes to
// an end, keeps within its bounds, and numbers what it writes down.
func FuzzObserver(f *testing.F) {
	framings := append(measure.Framings(), "")
	for i, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 4\r\n\r\n1\n2\nHTTP/1.1 404 No\r\n\r\n",
		"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x02ok\x88\x00", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "SSH-2.0", "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, wire []byte, framing uint8, upgrade bool) {
		var record recorder
		tp := newTap()
		o := newObserver(measure.Stream{Framing: framings[int(framing)%len(framings)], Sequence: "/n", End: "[DONE]"}, &record, tp)
		req := &http.Request{Method: http.MethodGet, Header: http.Header{}}
		if upgrade {
			req.Header.Set("Upgrade", "websocket")
		}
		o.expect(req, 1, nil)
		o.expect(req, 1, nil)
		done := make(chan struct{})
		go func() { defer close(done); o.run() }()
		for _, half := range [][]byte{wire[:len(wire)/2], wire[len(wire)/2:]} {
			if len(half) > 0 {
				tp.add(half, time.Now())
			}
		}
		tp.end(io.EOF)
		o.close()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("it does not end")
		}
		ends := map[int]int{}
		for _, e := range record.all() {
			if e.Sub < 1 || e.Sub > 2 || e.T == 0 || e.Bytes > clients.MaxMessage {
				t.Errorf("%+v", e)
			}
			if e.Kind == measure.End {
				ends[e.Sub]++
			}
		}
		if ends[1] > 1 || ends[2] > 1 || ends[2] > ends[1] {
			t.Errorf("ends %v", ends)
		}
	})
}

// TestTap: what was put in comes out with its own time, and who waits for room
// goes on when it is over.
func TestTap(t *testing.T) {
	tp := newTap()
	first, second := time.UnixMicro(1), time.UnixMicro(2)
	tp.add([]byte("abc"), first)
	tp.add([]byte("de"), second)
	tp.end(net.ErrClosed)
	tp.end(io.EOF) // the first reason counts
	small := make([]byte, 2)
	for _, want := range []struct {
		text  string
		stamp int64
	}{{"ab", 1}, {"c", 1}, {"de", 2}} {
		if n, err := tp.Read(small); err != nil || string(small[:n]) != want.text || tp.stamp != want.stamp {
			t.Errorf("%q at %d, %v", small[:n], tp.stamp, err)
		}
	}
	read := time.Now().UnixMicro()
	if _, err := tp.Read(small); err != io.EOF || tp.broken() != net.ErrClosed || tp.stamp > read {
		t.Errorf("%v, %v, at %d, read at %d", err, tp.broken(), tp.stamp, read)
	}

	full := newTap()
	full.add(make([]byte, tapLimit+1), first)
	waiting := make(chan struct{})
	go func() { defer close(waiting); full.add([]byte("x"), first) }()
	full.leave()
	<-waiting
}

package app

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// observer reads the answers of one connection along and writes them down.
type observer struct {
	stream measure.Stream
	record *recorder
	tap    *tap
	in     *bufio.Reader
	done   chan struct{} // closed when no more answers are read

	mu      sync.Mutex
	changed sync.Cond
	asked   []question // whose answers are not begun
	closed  bool       // no more are asked
	pending int        // answers that have not ended
	sub     int        // of the newest request
}

// question is a request whose answer is to come.
type question struct {
	req *http.Request
	sub int // its number in the record
	// Of a request to upgrade, one of them is closed when the answer is there;
	// nil of any other.
	switched, refused chan struct{}
}

// pipeline is how many requests may wait for their answers on one connection.
const pipeline = 10_000

func newObserver(stream measure.Stream, record *recorder, t *tap) *observer {
	o := &observer{stream: stream, record: record, tap: t, in: bufio.NewReaderSize(t, 32<<10), done: make(chan struct{})}
	o.changed.L = &o.mu
	return o
}

// expect announces a request that is about to be passed on. It does not wait:
// the application may want to see all requests before it answers one.
func (o *observer) expect(req *http.Request, conn int, lacks []string) question {
	q := question{req: req, sub: o.record.request(req, conn, lacks)}
	if wantsSocket(req) {
		q.switched, q.refused = make(chan struct{}), make(chan struct{})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending++
	o.sub = q.sub
	if len(o.asked) < pipeline { // else nobody pipelines so much; the record ends here
		o.asked = append(o.asked, q)
	}
	o.changed.Signal()
	return q
}

// close says that no more requests come.
func (o *observer) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.changed.Signal()
}

// next waits for a request to be announced; it reports false when none comes
// any more.
func (o *observer) next() (question, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.asked) == 0 && !o.closed {
		o.changed.Wait()
	}
	if len(o.asked) == 0 {
		return question{}, false
	}
	q := o.asked[0]
	o.asked = o.asked[1:]
	return q, true
}

// aborted notes that the path left, if an answer was still under way then.
func (o *observer) aborted(at int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pending > 0 {
		o.record.add(measure.Event{Kind: measure.AbortNoticed, Sub: o.sub, T: at})
	}
}

func (o *observer) run() {
	defer func() {
		close(o.done)
		_, _ = io.Copy(io.Discard, o.tap) // or the wire would wait for a reader
	}()
	for q, ok := o.next(); ok && o.answer(q); q, ok = o.next() {
	}
}

// answer reads one; it reports whether another can follow.
func (o *observer) answer(q question) bool {
	resp, err := http.ReadResponse(o.in, q.req)
	for err == nil && resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
		resp, err = http.ReadResponse(o.in, q.req)
	}
	if err != nil {
		note := "closed without an answer"
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			note = "no answer of HTTP: " + err.Error()
		}
		stamp := o.tap.stamp
		_, _ = io.Copy(io.Discard, o.tap) // how it ends is known when it ends
		if cut := o.cut(); cut != "" || note != "closed without an answer" {
			o.record.add(measure.Event{Kind: measure.Failed, Sub: q.sub, T: stamp, Note: note})
			o.ended(q.sub, cut, "")
		}
		return false
	}
	defer resp.Body.Close()
	o.record.answered(q.sub, resp)
	if q.switched != nil {
		if resp.StatusCode == http.StatusSwitchingProtocols {
			close(q.switched)
		} else {
			close(q.refused)
		}
	}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		o.frames(q)
		return false
	case resp.StatusCode >= 300 || resp.StatusCode == http.StatusNoContent:
		if _, err = io.Copy(io.Discard, resp.Body); err == nil {
			err = io.EOF
		}
		o.ended(q.sub, o.kindOf(resp, err), "")
		return err == io.EOF
	}
	return o.messages(q, resp)
}

// messages decodes the body as the client does, with its decoders.
func (o *observer) messages(q question, resp *http.Response) bool {
	contentType := resp.Header.Get("Content-Type")
	body, err := clients.Decoded(resp.Body, resp.Header.Get("Content-Encoding"))
	var dec clients.Decoder
	if err == nil {
		dec, err = clients.NewForeignDecoder(o.stream, contentType)
	}
	if err != nil {
		o.record.add(measure.Event{Kind: measure.Failed, Sub: q.sub, T: o.tap.stamp, Bytes: 1, Note: err.Error()})
		body, dec = resp.Body, nil
	}
	mark := ""
	emit := func(it clients.Item) {
		if it.Kind == measure.End {
			mark = it.Reason
		}
		o.item(q, it)
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if dec != nil && o.record.full() {
			dec = nil // or reading along would slow the wire down for nothing
		}
		if n > 0 && dec != nil {
			if derr := dec.Feed(buf[:n], emit); derr != nil {
				o.record.add(measure.Event{Kind: measure.Failed, Sub: q.sub, T: o.tap.stamp, Bytes: n, Note: derr.Error()})
				dec = nil
			}
		}
		if err != nil {
			if err == io.EOF && dec != nil {
				_ = dec.End(emit) // what is unfinished is no message
			}
			kind := o.kindOf(resp, err)
			if kind != "" && err != io.EOF {
				o.record.add(measure.Event{Kind: measure.Failed, Sub: q.sub, T: o.tap.stamp, Bytes: 1, Note: clients.BrokenOff})
			}
			o.ended(q.sub, kind, mark)
			return err == io.EOF
		}
	}
}

// item writes a message down.
func (o *observer) item(q question, it clients.Item) {
	e := measure.Event{Sub: q.sub, T: o.tap.stamp, ID: it.ID, Bytes: it.Bytes, Seq: it.Seq, SentUS: it.SentUS}
	switch it.Kind {
	case measure.Received:
		e.Kind, e.Sum = measure.Write, it.Sum()
	case measure.Heartbeat:
		e.Kind = measure.Heartbeat
	case measure.Failed: // a piece that is none of the framing
		e.Kind, e.Note = measure.Failed, it.Note
	default:
		return
	}
	o.record.add(e)
}

// ended notes the end of an answer; kind "" is one that the path left.
func (o *observer) ended(sub int, kind measure.EndKind, mark string) {
	if kind == "" {
		return
	}
	o.mu.Lock()
	o.pending--
	o.mu.Unlock()
	o.record.add(measure.Event{Kind: measure.End, Sub: sub, T: o.tap.stamp, EndKind: kind, Note: mark})
}

// kindOf says how the application ended an answer, given the error of the last
// read; "" when it was not the application that ended it.
func (o *observer) kindOf(resp *http.Response, err error) measure.EndKind {
	if err != io.EOF {
		return o.cut()
	}
	if resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0 || resp.Request != nil && resp.Request.Method == http.MethodHead {
		return measure.EndClean
	}
	return o.cut() // delimited by the close alone
}

// cut says how the application closed the connection; "" when we did.
func (o *observer) cut() measure.EndKind { return brokenBy(o.tap.broken()) }

func brokenBy(err error) measure.EndKind {
	switch {
	case err == nil, errors.Is(err, net.ErrClosed):
		return ""
	case errors.Is(err, syscall.ECONNRESET):
		return measure.EndRST
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return measure.EndFIN
	}
	return ""
}

package clients

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	// endGrace is how long a client waits for the close that an end notice
	// announces, before it closes by itself as a page would.
	endGrace = 2 * time.Second
	// maxRedirects is what browsers follow.
	maxRedirects = 20
)

// exchange is one request and what came of it.
type exchange struct {
	*subscriber
	cancel context.CancelFunc
	conn   atomic.Int32 // the connection in use
	stamp  int64        // when the read returned that is being decoded
	gate   gate
	show   func([]byte) error // decodes what the gate lets through

	items   int   // so far
	alone   bool  // the stream was reset, and the connection lives
	ended   *Item // the end notice
	grace   *time.Timer
	gapLast bool // no message followed the last gap notice
}

// httpExchange asks once and receives until the answer ends.
func (s *subscriber) httpExchange(parent context.Context) outcome {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	x := &exchange{subscriber: s, cancel: cancel}
	defer x.stopGrace()
	ask := s.newRequest
	if s.bayeux != nil {
		ask = func(ctx context.Context) (*http.Request, error) { return s.bayeux.request(ctx, s) }
	}
	req, err := ask(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { x.conn.Store(int32(s.numberOf(info.Conn))) },
	}))
	if err != nil {
		x.fail(err.Error())
		return outcome{over: true}
	}
	client := &http.Client{Transport: s.http, CheckRedirect: x.redirected, Jar: s.jar()}
	resp, err := client.Do(req)
	if err != nil {
		return x.noAnswer(parent, err)
	}
	defer resp.Body.Close()
	if s.bayeux.quiet() && resp.StatusCode == http.StatusOK {
		s.bayeux.head = func() { x.head(resp, "") }
	} else {
		x.head(resp, "")
	}
	if !x.answered(resp.StatusCode) {
		return x.refused(resp, resp.Body)
	}
	out := x.receive(parent, resp)
	if s.bayeux != nil {
		out = s.bayeux.outcome(x, out)
	}
	return out
}

// receive feeds the body to the technique's decoder.
func (x *exchange) receive(parent context.Context, resp *http.Response) outcome {
	contentType := resp.Header.Get("Content-Type")
	wire := &wireReader{Reader: resp.Body}
	body, err := Decoded(wire, resp.Header.Get("Content-Encoding"))
	if err != nil {
		x.fail(err.Error())
		return x.failed(err.Error())
	}
	if x.technique.Type == "text/event-stream" && !isEventStream(contentType) && !x.askedForType() {
		x.fail(fmt.Sprintf("content type %q is not text/event-stream: %s", contentType, bodyExcerpt(readCloser{body, resp.Body})))
		return outcome{over: true}
	}
	dec, err := x.decoder(contentType)
	if err != nil {
		x.fail(err.Error())
		return x.failed("an unusable answer")
	}
	x.gate.visibility = x.view
	x.show = func(p []byte) error { return dec.Feed(p, x.item) }
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		x.stamp = now()
		var derr error
		if n > 0 {
			derr = x.gate.pass(buf[:n], x.show)
		}
		if err == io.EOF && derr == nil {
			derr = x.gate.end(x.show)
		}
		if x.lost() {
			return x.failed("a lost session")
		}
		if derr != nil {
			x.fail(derr.Error())
			return x.failed("a malformed answer")
		}
		if err != nil {
			return x.finish(parent, resp, dec, wire, err)
		}
	}
}

// askedForType reports whether the subscription itself asks for another type
// than the technique's: who does takes it.
func (x *exchange) askedForType() bool { return x.url.Query().Has("type") }

// answered reports whether a status brings what was asked for.
func (x *exchange) answered(status int) bool {
	if x.Stream != nil {
		return status/100 == 2 && status != http.StatusNoContent
	}
	return status == http.StatusOK
}

// decoder is the one for an answer of this type.
func (x *exchange) decoder(contentType string) (Decoder, error) {
	if x.Stream != nil {
		return NewForeignDecoder(*x.Stream, contentType)
	}
	if x.bayeux != nil {
		return x.bayeux.decoder(x)
	}
	callback := x.url.Query().Get("callback")
	if x.sockjs != nil {
		callback = x.sockjs.callback
	}
	return NewDecoder(x.technique.Name, Params{
		ContentType:  contentType,
		Callback:     callback,
		RequestBytes: len(x.Target.Body),
		Framing:      x.url.Query().Get("framing"),
	})
}

// BrokenOff begins the note about an answer of somebody's own endpoint that
// ended before its own framing said so.
const BrokenOff = "answer cut in the middle"

// finish reports the end of the body; err is what reading it said last.
func (x *exchange) finish(parent context.Context, resp *http.Response, dec Decoder, wire *wireReader, err error) outcome {
	if parent.Err() != nil {
		return outcome{} // we left
	}
	kind := endOf(resp, wire.err)
	x.alone = resetAlone(wire.err)
	sound := true
	switch {
	case err == io.EOF:
	case x.ended != nil && kind == "":
		// we left after the grace of the end notice
	case wire.err == nil || wire.err == io.EOF:
		sound = false
		x.fail(fmt.Sprintf("content encoding %s: %v", resp.Header.Get("Content-Encoding"), err))
	case x.technique.Polls():
		sound = false
		x.fail(fmt.Sprintf("answer cut after %d bytes: %v", wire.n, err))
	case kind == "":
		x.fail("read answer: " + err.Error())
	case x.Stream != nil && x.ended == nil:
		x.fail(fmt.Sprintf("%s after %d bytes: %v", BrokenOff, wire.n, err))
	}
	if x.technique.Polls() && !sound {
		return x.end(kind, false)
	}
	derr := x.unfinished(dec, x.Stream == nil || wire.err == io.EOF)
	if x.lost() {
		return x.failed("a lost session")
	}
	if derr != nil && x.ended == nil {
		x.fail(derr.Error())
	}
	return x.end(kind, derr == nil && (x.technique.Polls() || x.goesOn(err)))
}

// unfinished ends the decoder. Where the wire broke off, what is left in it is
// no message, even if it looks like one.
func (x *exchange) unfinished(dec Decoder, whole bool) error {
	if whole {
		return dec.End(x.item)
	}
	left := -1
	err := dec.End(func(it Item) { left = it.Bytes })
	if err == nil && left >= 0 {
		err = fmt.Errorf("%w, after %d bytes", ErrUnfinished, left)
	}
	return err
}

// end reports the end of the exchange and says what comes next.
func (x *exchange) end(kind measure.EndKind, answered bool) outcome {
	out := outcome{answered: answered, failed: !answered, after: string(kind)}
	e := measure.Event{Kind: measure.End, T: x.stamp, EndKind: kind, StreamReset: x.alone}
	if x.ended != nil {
		e.Note, e.EndKind, e.StreamReset = x.ended.Reason, measure.EndClean, false
		out.over = x.ended.Reason == reasonTerminated
		out.failed = false
		out.after = "end notice: " + x.ended.Reason
		if x.ended.HasRetry {
			out.retry = milliseconds(x.ended.RetryMS)
		}
	}
	if answered && x.gapLast && x.sockjs == nil {
		// The position behind a gap is unknown until a message comes; the old
		// one would get the same gap again, at once and for ever.
		x.position, x.moved = "", true
	}
	if e.EndKind != "" && answered && x.bayeux.quiet() {
		return out
	}
	if e.EndKind != "" {
		x.report(e)
	} else {
		out.after = "an error"
	}
	return out
}

// reasonTerminated is the end notice after which a client stays away.
const reasonTerminated = "terminated"

// refused reports an answer that is not the technique's. body is its body, or
// the beginning of it; it is closed.
func (x *exchange) refused(resp *http.Response, body io.ReadCloser) outcome {
	defer body.Close()
	end := measure.Event{Kind: measure.End, EndKind: measure.EndStatus, Status: resp.StatusCode}
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusGone {
		end.Note = reasonTerminated
		x.report(end)
		return outcome{over: true}
	}
	said := ""
	if plain, err := Decoded(body, resp.Header.Get("Content-Encoding")); err == nil {
		said = bodyExcerpt(readCloser{plain, body})
	}
	if to := resp.Header.Get("Location"); to != "" && x.Stream != nil {
		said = "to " + to
	}
	x.report(measure.Event{Kind: measure.Failed, Status: resp.StatusCode, Note: strings.TrimSuffix("status "+resp.Status+": "+said, ": ")})
	x.report(end)
	out := x.failed(fmt.Sprintf("status %d", resp.StatusCode))
	out.over = x.positionInHeader()
	return out
}

// noAnswer reports why there is no response.
func (x *exchange) noAnswer(parent context.Context, err error) outcome {
	if parent.Err() != nil {
		return outcome{}
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		x.conn.Store(int32(refused.conn))
		x.head(refused.resp, "answer of the proxy to CONNECT")
		x.report(measure.Event{Kind: measure.Failed, Status: refused.resp.StatusCode, Note: refused.Error()})
		x.report(measure.Event{Kind: measure.End, EndKind: measure.EndStatus, Status: refused.resp.StatusCode})
		return x.failed(fmt.Sprintf("status %d to CONNECT", refused.resp.StatusCode))
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the URL is known
	}
	x.report(measure.Event{Kind: measure.Failed, Note: err.Error(), Cert: refusedCert(err)})
	if kind := brokenOff(err); kind != "" && x.conn.Load() > 0 {
		x.report(measure.Event{Kind: measure.End, EndKind: kind, StreamReset: resetAlone(err)})
	}
	return x.failed("an error")
}

// redirected reports the answer that sends the client elsewhere.
func (x *exchange) redirected(req *http.Request, via []*http.Request) error {
	if x.Stream != nil {
		return http.ErrUseLastResponse
	}
	if req.Response != nil {
		x.head(req.Response, "redirect to "+req.URL.String())
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// isEventStream compares the essence of a media type; parameters, even bogus
// ones, do not matter.
func isEventStream(contentType string) bool {
	essence, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.Trim(essence, " \t"), "text/event-stream")
}

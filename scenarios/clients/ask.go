package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Ask makes one request as the client makes those of its subscriptions. It
// fails for a target that Supports would refuse, and for a body in pieces over
// HTTP/1.0, which has no way to send one of unknown length.
func (g *Go) Ask(ctx context.Context, r measure.Request, sink func(measure.Event)) (measure.Answer, error) {
	version := r.Target.HTTP
	if version == "" {
		version = "1.1"
	}
	err := reachable(r.Target, version)
	if !slices.Contains([]string{"1.0", "1.1", "2", "3"}, version) {
		err = fmt.Errorf("unknown HTTP version %q", version)
	}
	if version == "1.0" && r.Pieces != nil {
		err = errors.New("HTTP/1.0 has no request body of unknown length")
	}
	if err != nil {
		return measure.Answer{}, err
	}
	sub, err := prepare(measure.Subscription{Target: r.Target}, measure.Technique{Accept: "*/*"}, sink, receiver{clock: g.Clock().ID, userAgent: UserAgent})
	if err != nil {
		return measure.Answer{}, err
	}
	defer sub.close()
	return sub.ask(ctx, r), nil
}

// ask makes the request and reads its answer.
func (s *subscriber) ask(parent context.Context, r measure.Request) measure.Answer {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	x := &exchange{subscriber: s, cancel: cancel}
	req, err := s.newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { x.conn.Store(int32(s.numberOf(info.Conn))) },
	}))
	if err != nil {
		x.fail(err.Error())
		return measure.Answer{}
	}
	if r.Pieces != nil {
		req.Body, req.ContentLength, req.GetBody = io.NopCloser(&pieces{x: x, ctx: ctx, come: r.Pieces}), -1, nil
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	resp, err := (&http.Client{Transport: s.http, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		x.noAnswer(parent, err)
		return measure.Answer{}
	}
	defer resp.Body.Close()
	x.head(resp, "")
	a := measure.Answer{Status: resp.StatusCode, Header: resp.Header}
	if r.HeadOnly {
		return a
	}
	wire := &wireReader{Reader: resp.Body}
	a.Body, a.FirstUS, err = readAnswer(wire)
	x.stamp = now()
	if kind := endOf(resp, wire.err); kind != "" && parent.Err() == nil {
		x.report(measure.Event{Kind: measure.End, EndKind: kind, T: x.stamp})
	} else if err != nil && parent.Err() == nil {
		x.fail("read answer: " + err.Error())
	}
	return a
}

// readAnswer reads a body to its end and keeps the beginning of it.
func readAnswer(body io.Reader) (kept []byte, first int64, err error) {
	buf := make([]byte, 4<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 && first == 0 {
			first = now()
		}
		kept = append(kept, buf[:min(n, measure.MostAnswer-len(kept))]...)
		if err == io.EOF {
			return kept, first, nil
		}
		if err != nil {
			return kept, first, err
		}
	}
}

// pieces is a request body that is made of pieces as they come.
type pieces struct {
	x    *exchange
	ctx  context.Context
	come <-chan []byte
	left bytes.Buffer
}

// Read blocks until there is a piece, and reports the piece it begins with.
func (p *pieces) Read(b []byte) (int, error) {
	for p.left.Len() == 0 {
		select {
		case piece, more := <-p.come:
			if !more {
				return 0, io.EOF
			}
			p.left.Write(piece)
			p.x.report(measure.Event{Kind: measure.Write, Bytes: len(piece)})
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	return p.left.Read(b)
}

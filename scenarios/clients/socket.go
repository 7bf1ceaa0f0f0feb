package clients

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// socketExchange opens a websocket and receives until it closes.
func (s *subscriber) socketExchange(parent context.Context) outcome {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	x := &exchange{subscriber: s, cancel: cancel}
	defer x.stopGrace()
	c, resp, err := websocket.Dial(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { x.conn.Store(int32(numberOf(info.Conn))) },
	}), s.resumeURL().String(), s.socketOptions(x))
	if resp != nil {
		x.head(resp, "")
	}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return outcome{}
	case resp == nil:
		return x.noAnswer(parent, err)
	case resp.StatusCode == http.StatusSwitchingProtocols:
		x.fail(err.Error()) // an upgrade in name only
		return x.failed("a wrong handshake")
	default:
		return x.refused(resp, orEmpty(resp.Body))
	}
	defer c.CloseNow()
	c.SetReadLimit(MaxMessage)
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		x.sendUp(ctx, c)
	}()
	out := x.frames(parent, ctx, c)
	cancel()
	<-sending
	return out
}

// sendUp sends the subscription's own frames.
func (x *exchange) sendUp(ctx context.Context, c *websocket.Conn) {
	for i, text := range x.Uplink {
		if i > 0 && !sleep(ctx, x.UplinkPause) {
			return
		}
		at := now()
		if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			if ctx.Err() == nil {
				x.fail("send frame: " + err.Error())
			}
			return
		}
		x.report(measure.Event{Kind: measure.Write, T: at, Bytes: len(text), Sum: measure.SumBytes([]byte(text))})
	}
}

// socketOptions ask as browsers do, but for permessage-deflate.
func (s *subscriber) socketOptions(x *exchange) *websocket.DialOptions {
	header := http.Header{
		"Origin":          {s.url.Scheme + "://" + s.url.Host},
		"Accept-Encoding": {"gzip, deflate"},
		"Cache-Control":   {"no-cache"},
		"Pragma":          {"no-cache"},
	}
	s.dress(header)
	return &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     s.http,
			Jar:           s.jar(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader: header,
		Host:       s.Target.Header.Get("Host"),
		OnPingReceived: func(context.Context, []byte) bool {
			x.report(measure.Event{Kind: measure.Heartbeat, Note: "ping"})
			return true
		},
	}
}

// frames receives messages until the socket closes.
func (x *exchange) frames(parent, ctx context.Context, c *websocket.Conn) outcome {
	dec, err := x.decoder("")
	if err != nil {
		x.fail(err.Error())
		return x.failed("an unusable subscription")
	}
	for {
		kind, data, err := c.Read(ctx)
		x.stamp = now()
		switch {
		case err != nil:
			return x.socketEnd(parent, err)
		case kind != websocket.MessageText && x.Stream == nil:
			x.fail(fmt.Sprintf("binary message of %d bytes, want text", len(data)))
			continue
		}
		if err := dec.Feed(data, x.item); err != nil {
			x.fail(err.Error())
			return x.failed("a malformed message")
		}
	}
}

func (x *exchange) socketEnd(parent context.Context, err error) outcome {
	if parent.Err() != nil {
		return outcome{} // we left
	}
	code := websocket.CloseStatus(err)
	if code < 0 {
		kind := brokenOff(err)
		if kind == "" && x.ended == nil {
			x.fail("read socket: " + err.Error())
		}
		return x.end(kind, false)
	}
	out := x.end(measure.EndClean, false)
	if x.ended == nil {
		out.after = fmt.Sprintf("close frame %d", code)
	}
	return out
}

func orEmpty(body io.ReadCloser) io.ReadCloser {
	if body == nil {
		return io.NopCloser(bytes.NewReader(nil))
	}
	return body
}

package clients

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// bayeuxSocketExchange opens a websocket, begins a session or goes on with it,
// and receives until the socket closes.
func (s *subscriber) bayeuxSocketExchange(parent context.Context) outcome {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	x := &exchange{subscriber: s, cancel: cancel}
	defer x.stopGrace()
	o := s.socketOptions(x)
	o.HTTPClient.Jar = s.bayeux.jar
	c, resp, err := websocket.Dial(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { x.conn.Store(int32(numberOf(info.Conn))) },
	}), s.url.String(), o)
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
		x.fail(err.Error())
		return x.failed("a wrong handshake")
	default:
		return x.refused(resp, orEmpty(resp.Body))
	}
	defer c.CloseNow()
	c.SetReadLimit(MaxMessage)
	return s.bayeux.talk(parent, ctx, x, c)
}

// talk sends each message of the session's once the one before it is
// answered, and takes what comes.
func (b *bayeuxSession) talk(parent, ctx context.Context, x *exchange, c *websocket.Conn) outcome {
	dec, err := b.decoder(x)
	if err != nil {
		x.fail(err.Error())
		return x.failed("an unusable subscription")
	}
	received := 0
	emit := func(it Item) {
		if it.Kind == measure.Received {
			received++
		}
		x.item(it)
	}
	if err := b.sayNext(ctx, x, c); err != nil {
		return x.socketEnd(parent, err)
	}
	for {
		kind, data, err := c.Read(ctx)
		x.stamp = now()
		switch {
		case err != nil:
			return x.socketEnd(parent, err)
		case kind != websocket.MessageText:
			x.fail(fmt.Sprintf("binary message of %d bytes, want text", len(data)))
			continue
		}
		before := received
		if err := dec.Feed(data, emit); err != nil {
			x.fail(err.Error())
			return x.failed("a malformed message")
		}
		switch {
		case b.failed != "":
			x.fail(b.failed)
			out := x.failed(b.failed)
			out.over = b.over
			return out
		case b.over && x.ended == nil: // the socket is about to be closed
			x.announceEnd(Item{Reason: reasonTerminated})
		case b.replies > 0 && !b.over:
			if b.waits != nil && received == before {
				x.report(measure.Event{Kind: measure.Heartbeat, Note: "connect"})
			}
			if b.waits != nil && !sleep(ctx, b.waits.interval) {
				return outcome{}
			}
			if err := b.sayNext(ctx, x, c); err != nil {
				return x.socketEnd(parent, err)
			}
		}
	}
}

// sayNext sends the message that is due.
func (b *bayeuxSession) sayNext(ctx context.Context, x *exchange, c *websocket.Conn) error {
	text, _ := b.next(x.position)
	at := now()
	if err := c.Write(ctx, websocket.MessageText, text); err != nil {
		return err
	}
	x.report(measure.Event{Kind: measure.Write, T: at, Bytes: len(text), Sum: measure.SumBytes(text)})
	return nil
}

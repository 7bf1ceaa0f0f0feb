package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// bidi is a connection that speaks WebDriver BiDi (W3C): commands with numbered
// answers, and events between them, as JSON over a web socket.
type bidi struct {
	conn  *websocket.Conn
	event func(method string, params json.RawMessage)

	mu    sync.Mutex
	last  int64
	calls map[int64]chan bidiAnswer
	err   error         // why it is over
	done  chan struct{} // closed when it is
}

type bidiAnswer struct {
	result json.RawMessage
	err    error
}

// bidiError is the browser's refusal of a command.
type bidiError struct{ Code, Message string }

func (e *bidiError) Error() string { return e.Code + ": " + e.Message }

// hungUp is the event that follows all others.
const hungUp = ""

// dialBiDi connects to the address that the browser has printed. Events are
// passed to event by one goroutine, which must not wait. It lives until close
// or until the browser hangs up; the last event then is hungUp.
func dialBiDi(ctx context.Context, address string, event func(method string, params json.RawMessage)) (*bidi, error) {
	conn, _, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to the browser: %w", err)
	}
	conn.SetReadLimit(-1) // the peer is a child of ours
	b := &bidi{conn: conn, event: event, calls: map[int64]chan bidiAnswer{}, done: make(chan struct{})}
	go b.read()
	return b, nil
}

// read hands out what comes until the connection ends.
func (b *bidi) read() {
	defer close(b.done)
	defer b.event(hungUp, nil)
	for {
		_, text, err := b.conn.Read(context.Background())
		if err != nil {
			b.end(fmt.Errorf("the browser hung up: %w", err))
			return
		}
		var m struct {
			Type    string          `json:"type"`
			ID      int64           `json:"id"`
			Method  string          `json:"method"`
			Params  json.RawMessage `json:"params"`
			Result  json.RawMessage `json:"result"`
			Error   string          `json:"error"`
			Message string          `json:"message"`
		}
		if err := json.Unmarshal(text, &m); err != nil {
			b.end(fmt.Errorf("parse what the browser says: %w", err))
			b.conn.CloseNow()
			return
		}
		switch m.Type {
		case "event":
			b.event(m.Method, m.Params)
		case "success":
			b.answer(m.ID, bidiAnswer{result: m.Result})
		case "error":
			b.answer(m.ID, bidiAnswer{err: &bidiError{m.Error, m.Message}})
		}
	}
}

func (b *bidi) answer(id int64, a bidiAnswer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.calls[id]; c != nil {
		delete(b.calls, id)
		c <- a
	}
}

// end fails all commands under way and to come.
func (b *bidi) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	for id, c := range b.calls {
		delete(b.calls, id)
		c <- bidiAnswer{err: err}
	}
}

// call sends a command and waits for its answer, which it decodes into result
// unless that is nil. A refusal is a *bidiError.
func (b *bidi) call(ctx context.Context, method string, params, result any) error {
	answered := make(chan bidiAnswer, 1)
	b.mu.Lock()
	if b.err != nil {
		b.mu.Unlock()
		return b.err
	}
	b.last++
	id := b.last
	b.calls[id] = answered
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.calls, id)
		b.mu.Unlock()
	}()
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	// A write that is given up in the middle would end the connection for all.
	if err := b.conn.Write(context.WithoutCancel(ctx), websocket.MessageText, text); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a := <-answered:
		if a.err != nil {
			return fmt.Errorf("%s: %w", method, a.err)
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(a.result, result); err != nil {
			return fmt.Errorf("%s: parse the answer: %w", method, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
}

// over returns why the connection has ended, or nil.
func (b *bidi) over() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// close hangs up and waits for the reader.
func (b *bidi) close() {
	b.conn.CloseNow()
	<-b.done
}

// refused reports whether err is the browser's refusal by one of these codes.
func refused(err error, codes ...string) bool {
	var r *bidiError
	if !errors.As(err, &r) {
		return false
	}
	for _, c := range codes {
		if r.Code == c {
			return true
		}
	}
	return false
}

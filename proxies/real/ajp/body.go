package ajp

import (
	"errors"
	"io"
	"strconv"
	"sync"
)

// requestBody fetches the body of a request as it is read.
type requestBody struct {
	conn *conn

	mu       sync.Mutex
	left     int64 // bytes still to come, -1 when the length is not known
	coming   bool  // a packet is on its way
	fetching bool  // a Read waits for it
	rest     []byte
	over     bool
	err      error

	closed chan struct{}
	once   sync.Once
}

var errUnread = errors.New("ajp: the request is answered")

// bodyFor returns the body that follows a request, nil when there is none: its
// length is given, or it is chunked. The first packet of one whose length is
// given comes unasked.
func (c *conn) bodyFor(q *forward) (*requestBody, int64, error) {
	b := &requestBody{conn: c, left: -1, closed: make(chan struct{})}
	if text := q.header.Get("Content-Length"); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return nil, 0, errMalformed
		}
		if n == 0 {
			return nil, 0, nil
		}
		b.left, b.coming = int64(n), true
		return b, b.left, nil
	}
	if q.header.Get("Transfer-Encoding") == "" {
		return nil, 0, nil
	}
	return b, -1, nil
}

// Read returns what came, asking for more when nothing is left of it.
func (b *requestBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.rest) == 0 {
		if err := b.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// fetch gets the next packet. The lock is held, but for the wait.
func (b *requestBody) fetch() error {
	switch {
	case b.err != nil:
		return b.err
	case b.over || b.left == 0:
		return io.EOF
	case !b.coming:
		if err := b.conn.write(appendGetBodyChunk(nil)); err != nil {
			b.err = errGone
			return b.err
		}
		b.coming = true
	}
	b.fetching = true
	b.mu.Unlock()
	var payload []byte
	var err error
	select {
	case payload = <-b.conn.packets:
	case <-b.closed:
		err = errUnread
	case <-b.conn.ctx.Done():
		err = errGone
	}
	b.mu.Lock()
	b.fetching = false
	if err == nil {
		b.coming = false
		err = b.take(payload)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return err
}

// take looks into a packet. A body that ends before its length, or runs over
// it, must not reach the origin as if it were whole.
func (b *requestBody) take(payload []byte) error {
	data, err := bodyOf(payload)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		if b.left > 0 {
			return io.ErrUnexpectedEOF
		}
		b.over = true
		return io.EOF
	}
	if b.left >= 0 {
		if b.left -= int64(len(data)); b.left < 0 {
			return errMalformed
		}
	}
	b.rest = data
	return nil
}

// Close ends a Read that waits. Nothing is asked for afterwards.
func (b *requestBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = errUnread
	}
	return nil
}

// settled closes the body and reports whether all of it was taken from the
// connection, so that what comes next is another request.
func (b *requestBody) settled() bool {
	if b == nil {
		return true
	}
	_ = b.Close() // never fails
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.coming && !b.fetching && (b.over || b.left == 0)
}

package child

import (
	"bytes"
	"strings"
	"sync"
)

// DefaultTail is how many bytes of each output are kept by default.
const DefaultTail = 64 << 10

// Tail keeps the last bytes written to it. The zero value keeps DefaultTail
// bytes. It is safe for concurrent use.
type Tail struct {
	Limit int // bytes kept; 0 is DefaultTail

	mu    sync.Mutex
	buf   []byte
	total int64
}

// Write keeps the end of p. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := t.Limit
	if limit <= 0 {
		limit = DefaultTail
	}
	n := len(p)
	t.total += int64(n)
	if n > limit {
		p = p[n-limit:]
	}
	// Cutting only at twice the limit copies each byte about once.
	if len(t.buf)+len(p) > 2*limit {
		keep := limit - len(p)
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-keep:]...)
	}
	t.buf = append(t.buf, p...)
	return n, nil
}

// String returns the last Limit bytes written.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := t.Limit
	if limit <= 0 {
		limit = DefaultTail
	}
	return string(t.buf[max(0, len(t.buf)-limit):])
}

// Total returns how many bytes were written in all.
func (t *Tail) Total() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}

// LastLine returns the last line that is not blank, without white space around
// it; "" when there is none.
func (t *Tail) LastLine() string {
	s := strings.TrimSpace(t.String())
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	return string(bytes.ToValidUTF8([]byte(strings.TrimSpace(s)), []byte("?")))
}

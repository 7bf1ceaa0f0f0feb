package reference

import (
	"errors"
	"sync"
	"time"
)

// ErrRate says that more is published than MaxPublishRate allows.
var ErrRate = errors.New("published too fast")

// publishRate is a bucket of tokens that holds one second's worth. The zero
// value has no limit.
type publishRate struct {
	perSecond float64

	mu     sync.Mutex
	used   float64 // tokens missing in the bucket
	filled time.Time
}

// take takes a token if there is one.
func (r *publishRate) take(now time.Time) bool {
	if r.perSecond == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = max(0, r.used-now.Sub(r.filled).Seconds()*r.perSecond)
	r.filled = now
	if r.used+1 > r.perSecond {
		return false
	}
	r.used++
	return true
}

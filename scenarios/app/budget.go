package app

import (
	"errors"
	"fmt"
	"sync"
)

// Budget counts the requests that an endpoint is asked, and stops at a stated
// number. It is shared by all that ask. The zero value has no limit.
type Budget struct {
	mu    sync.Mutex
	limit int
	used  int
	over  bool
}

// NewBudget allows so many requests; 0 is any number.
func NewBudget(limit int) *Budget { return &Budget{limit: limit} }

// ErrBudget says that the stated number of requests is used up.
var ErrBudget = errors.New("the budget of requests is used up")

// Take allows one more request, or fails with ErrBudget.
func (b *Budget) Take() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.limit > 0 && b.used >= b.limit {
		b.over = true
		return fmt.Errorf("%w (%d of %d)", ErrBudget, b.used, b.limit)
	}
	b.used++
	return nil
}

// Used is how many requests were allowed.
func (b *Budget) Used() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Left is how many more there may be, -1 for any number.
func (b *Budget) Left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.limit == 0 {
		return -1
	}
	return b.limit - b.used
}

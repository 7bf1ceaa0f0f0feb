package measure

import (
	"context"
	"time"
)

// Browser is a client that can also open pages and use them as a person would.
type Browser interface {
	Client
	// Open loads target's URL as a page with connections and cookies of its own.
	// The error says that the page did not come, or that the browser failed.
	Open(ctx context.Context, target Target) (Tab, error)
}

// Tab is a page that somebody looks at. Its methods are called by one goroutine.
type Tab interface {
	// Eval evaluates a JavaScript expression, waits for it if it is a promise,
	// and unmarshals its JSON into value, which may be nil.
	Eval(ctx context.Context, expression string, value any) error
	// Until waits until an expression is true in the page; the error is ctx's
	// when that never was.
	Until(ctx context.Context, expression string) error
	// Press presses a key, named as in the DOM, and releases it.
	Press(ctx context.Context, key string) error
	// Hold presses a key and Release releases it.
	Hold(ctx context.Context, key string) error
	Release(ctx context.Context, key string) error
	// Type types text into what has the focus.
	Type(ctx context.Context, text string) error
	// Beside opens another page in the same browser: both share connections and
	// cookies. It is closed before the first.
	Beside(ctx context.Context, address string) (Tab, error)
	// Trouble is what happened so far that a person would find in the browser's
	// tools.
	Trouble() Trouble
	// Close leaves the page.
	Close() error
}

// Trouble is what went wrong with a page.
type Trouble struct {
	Complaints []string // errors on its console, the browser's own included
	Foreign    []string // addresses of other hosts that it asked for
	Refused    []int    // statuses of 400 and above that it was answered with
	Breaks     []Break  // answers that broke off
}

// Break is an answer that ended before it was whole.
type Break struct {
	URL     string
	Error   string        // in the browser's words
	Silence time.Duration // since anything had come
}

// Collector is a Tab that can have its garbage collected, so that what its
// browser holds then is what the page holds.
type Collector interface {
	Tab
	Collect(ctx context.Context) error
}

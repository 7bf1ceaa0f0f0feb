package proxies

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

func bufferFault() Fault {
	return Fault{
		Name:   "buffer",
		Means:  "The response is held back: until the origin ends it, until a block is full, or until a timer fires.",
		Source: "cloudfoundry/java-buildpack#353, cloudflare/cloudflared#199 (until=close); nginx proxy_buffering (bytes); haproxy without http-no-delay, traefik's 100 ms flush (every)",
		Provokes: []Provoke{
			{"buffered", "buffer(until=close)"},
			{"buffer-until-close", "buffer(until=close)"},
			{"buffer-until-bytes", "buffer(bytes=4096)"},
			{"hold-timer", "buffer(every=600ms)"},
			{"content-type-dependent", "buffer(until=close,if=type:text/html)"},
			{"method-dependent", "buffer(until=close,if=method:GET)"},
			{"accept-encoding-dependent", "buffer(until=close,if=header:Accept-Encoding)"},
		},
		Params: []Param{
			{Name: "until", Type: Word, Words: []string{"close"}, Main: true, Means: "hold everything until the origin ends the response; it then leaves whole, with a Content-Length"},
			{Name: "bytes", Type: Bytes, Means: "release whole blocks of this size, and the rest at the end"},
			{Name: "every", Type: Duration, Time: Wire, Means: "release what is there this long after the first held byte"},
			{Name: "head", Type: Word, Words: []string{"hold", "pass"}, Means: "whether the head waits with the body: hold for until=close, else pass"},
			{Name: "counts", Type: Word, Words: []string{"body", "all"}, Default: "body", Means: "what fills a block: all is the origin's head too, so that the first block of the body is shorter"},
			{Name: "broken", Type: Word, Words: []string{"release", "drop"}, Default: "release", Means: "what becomes of the held part when a limit or a reset ends the response: drop lets only the head go; after a plain close it is released in any case"},
			{Name: "status", Type: Count, Means: "of a page of the proxy's own, which the client gets when the origin breaks off while the head is still held; without it what is held leaves, and then the cut"},
			{Name: "max", Type: Bytes, Default: "64M", Means: "more than this is not held; all that follows passes"},
		},
		New: func(a Args) (Hooks, error) {
			plan := bufferPlan{
				untilClose: a.Has("until"),
				block:      int(a.Number("bytes")),
				every:      a.Duration("every"),
				max:        int(a.Number("max")),
			}
			switch {
			case plan.untilClose && (plan.block > 0 || plan.every > 0):
				return Hooks{}, errors.New("until=close excludes bytes and every")
			case !plan.untilClose && plan.block == 0 && plan.every == 0:
				return Hooks{}, errors.New("want until=close, bytes=SIZE or every=DURATION")
			case plan.max > maxHeld:
				return Hooks{}, errTooMuch
			case plan.block > plan.max:
				return Hooks{}, errors.New("bytes is larger than max")
			}
			if a.Has("status") {
				status, err := statusOf(a)
				if err != nil {
					return Hooks{}, err
				}
				plan.failed = status
			}
			countHead := a.Text("counts") == "all"
			plan.dropBroken = a.Text("broken") == "drop"
			plan.holdHead = a.Text("head") == "hold" || (plan.untilClose && !a.Has("head"))
			return Hooks{Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
				own := plan
				if countHead {
					own.first = max(plan.block-exchangeOf(r.Context()).headBytes(), 1)
				}
				return &bufferWriter{next: next, plan: own, request: r}
			}}, nil
		},
	}
}

// maxHeld bounds what any fault may be told to hold of one exchange, in bytes.
const maxHeld = 256 << 20

var errTooMuch = errors.New("more than 256M cannot be held")

type bufferPlan struct {
	untilClose bool
	block      int // 0: no size
	first      int // the first block, where it is a shorter one; else 0
	every      time.Duration
	once       bool // the timer opens the way for good
	holdHead   bool
	dropBroken bool
	failed     int // status of the answer to what is broken off; 0: it is cut
	max        int
}

// bufferWriter holds a head and a body.
type bufferWriter struct {
	next    ResponseWriter
	plan    bufferPlan
	request *http.Request

	mu       sync.Mutex
	status   int // 0: no head yet
	headHeld bool
	body     []byte
	timer    *time.Timer // nil: not armed
	open     bool        // nothing is held any more
	released bool        // the first block is gone
	finished bool
	err      error
}

func (b *bufferWriter) Header() http.Header { return b.next.Header() }

func (b *bufferWriter) WriteHeader(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.status != 0 || b.finished {
		return
	}
	b.status = status
	if !b.plan.holdHead {
		b.next.WriteHeader(status)
		return
	}
	b.headHeld = true
	b.arm()
}

func (b *bufferWriter) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	b.body = append(b.body, p...)
	switch {
	case b.open || len(b.body) > b.plan.max:
		b.open = true
		b.release(len(b.body))
	case b.plan.block > 0:
		if n := b.wholeBlocks(); n > 0 {
			b.release(n)
		}
	}
	if len(b.body) > 0 {
		b.arm()
	}
	return len(p), b.err
}

// wholeBlocks is how much of the held body fills blocks.
func (b *bufferWriter) wholeBlocks() int {
	short := 0 // by how much the next block is shorter
	if b.plan.first > 0 && !b.released {
		short = b.plan.block - b.plan.first
	}
	return max((len(b.body)+short)/b.plan.block*b.plan.block-short, 0)
}

// arm starts the timer with the first held byte.
func (b *bufferWriter) arm() {
	if b.plan.every > 0 && b.timer == nil {
		b.timer = time.AfterFunc(b.plan.every, b.fire)
	}
}

func (b *bufferWriter) fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.finished || b.timer == nil {
		return
	}
	b.open = b.open || b.plan.once
	b.release(len(b.body))
}

// release passes the head, if it is held, and the first n bytes.
func (b *bufferWriter) release(n int) {
	if b.timer != nil {
		// What stays has been held for less than what goes.
		b.timer.Stop()
		b.timer = nil
	}
	if b.headHeld {
		b.headHeld = false
		b.next.WriteHeader(b.status)
	}
	b.released = b.released || n > 0
	if n > 0 && b.err == nil {
		_, b.err = b.next.Write(b.body[:n])
	}
	b.body = slices.Delete(b.body, 0, n)
}

func (b *bufferWriter) Finish(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.plan.failed != 0 && b.headHeld && brokenOff(b.request, err) {
		b.finished, b.headHeld, b.body = true, false, nil
		fetchFailed(b.next, b.request, b.plan.failed)
		return
	}
	if b.plan.untilClose && b.headHeld && err == nil && b.bodyAllowed() {
		b.asWhole()
	}
	if err != nil && b.plan.dropBroken && !errors.Is(err, io.ErrUnexpectedEOF) {
		b.body = nil
	}
	b.release(len(b.body))
	b.finished = true
	b.next.Finish(err)
}

// asWhole turns the head into one of a complete response, as programs that
// buffer fully send it: the length is known, and trailers have no place.
func (b *bufferWriter) asWhole() {
	h := b.Header()
	h.Del("Trailer")
	h.Set("Content-Length", strconv.Itoa(len(b.body)))
}

func (b *bufferWriter) bodyAllowed() bool {
	return b.request.Method != http.MethodHead && b.status >= 200 && b.status != http.StatusNoContent && b.status != http.StatusNotModified
}

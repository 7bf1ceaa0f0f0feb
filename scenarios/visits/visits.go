package visits

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Config sets visits up. Dir and Origin are needed; the other zeros are
// defaults.
type Config struct {
	Dir        string           // where run directories go; made with the first visit
	Origin     scenarios.Origin // the server that the pages come from
	Techniques []string         // tested; nil are all that a page knows
	Kept       int              // run directories kept, the oldest go first; 0 is 200
	AtOnce     int              // visits at once; further ones are asked to come back; 0 is 8
	HTTP3      bool             // the server speaks HTTP/3, without which there is no WebTransport
	Pinned     []byte           // the server's certificate in DER, where no browser trusts it: WebTransport can do without trust
	Tool       measure.Tool     // who measures, for the records
	// Limits are the delays that messages are held against; 0 are the usual ones.
	Limits measure.Thresholds
	// Render writes the reports into a run directory. It is called once a
	// visit has ended, and again when a report is asked for that is not there.
	// nil writes none.
	Render func(dir string) error
	// Gone is how long nothing is heard of a page before its visit ends; 0 is
	// 30 s. Longest is how long a visit may last; 0 is ten minutes. Afterwards
	// is how long an ended visit is kept for its page to be told; 0 is two
	// minutes.
	Gone, Longest, Afterwards time.Duration
}

// errFull is the answer to those who come when AtOnce are here.
var errFull = errors.New("as many visits as this server allows are under way; try again in a minute")

// Visits are the self-tests of one server. Safe for concurrent use.
type Visits struct {
	cfg  Config
	page *template.Template
	list *template.Template

	ctx    context.Context // of all visits
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	last    time.Time         // when the last visit began: their names count up
	visits  map[string]*visit // by key; ended ones for as long as their page may ask
	running int
}

// New prepares visits and touches nothing yet.
func New(c Config) (*Visits, error) {
	if c.Dir == "" || c.Origin == nil {
		return nil, errors.New("visits: want a directory and an origin")
	}
	for _, name := range c.Techniques {
		if summaryOf(name) == "" {
			return nil, fmt.Errorf("visits: no technique is called %q", name)
		}
	}
	if c.Kept < 0 || c.AtOnce < 0 {
		return nil, fmt.Errorf("visits: a bound is negative: %d, %d", c.Kept, c.AtOnce)
	}
	c.Kept, c.AtOnce = orDefault(c.Kept, 200), orDefault(c.AtOnce, 8)
	c.Gone, c.Longest, c.Afterwards = orDefault(c.Gone, 30*time.Second), orDefault(c.Longest, 10*time.Minute), orDefault(c.Afterwards, 2*time.Minute)
	page, list, err := templates()
	if err != nil {
		return nil, fmt.Errorf("visits: %w", err)
	}
	v := &Visits{cfg: c, page: page, list: list, visits: map[string]*visit{}}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	return v, nil
}

func orDefault[T int | time.Duration](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}

// Handlers are to be mounted in reference.Config.Extra, which guards /visits.
func (v *Visits) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"/self-test":  http.HandlerFunc(v.servePage),
		"/self-test/": http.HandlerFunc(v.serveTalk),
		"/visits":     http.HandlerFunc(v.serveList),
		"/visits/":    http.HandlerFunc(v.serveReport),
	}
}

// Close ends the visits that are under way and waits for them. What they have
// measured so far is on disk, marked incomplete. It may be called more than
// once, and of nil.
func (v *Visits) Close() {
	if v == nil {
		return
	}
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.cancel()
	v.all.Wait()
}

// begin admits a visit and sets it going.
func (v *Visits) begin(b beginning, from visitor) (*visit, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.running >= v.cfg.AtOnce {
		return nil, errFull
	}
	n, err := v.newVisit(b, from)
	if err != nil {
		return nil, err
	}
	v.running++
	v.visits[n.key] = n
	v.all.Add(1)
	go func() {
		defer v.all.Done()
		n.run(v.ctx)
		v.mu.Lock()
		v.running--
		keepNewest(v.cfg.Dir, v.cfg.Kept, v.busy())
		v.mu.Unlock()
		n.linger(v.ctx)
		v.mu.Lock()
		delete(v.visits, n.key)
		v.mu.Unlock()
	}()
	return n, nil
}

// busy are the names of the visits under way; v.mu is held.
func (v *Visits) busy() map[string]bool {
	out := map[string]bool{}
	for _, n := range v.visits {
		if !n.isOver() {
			out[n.name] = true
		}
	}
	return out
}

// find returns the visit that a page says it is, or nil.
func (v *Visits) find(key string) *visit {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.visits[key]
}

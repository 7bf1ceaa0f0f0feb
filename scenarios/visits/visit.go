package visits

import (
	"context"
	"crypto/rand"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// visit is one browser's self-test, from its first word to its run directory.
type visit struct {
	cfg  Config
	key  string // what the page is known by; only the page knows it
	name string // of the run directory
	page *page
	from visitor
	say  beginning
	dir  *measure.Writer

	mu    sync.Mutex
	cells []ended
	over  bool
	told  chan struct{} // closed when the page was told that it is over
	once  sync.Once
}

// ended is a cell that has its verdict.
type ended struct {
	measure.CellRecord
	got string // in the words of the check that decided
}

// newVisit makes the run directory and its first line; v.mu is held.
func (v *Visits) newVisit(b beginning, from visitor) (*visit, error) {
	started := time.Now()
	if next := v.last.Add(time.Millisecond); started.Before(next) {
		started = next
	}
	v.last = started
	n := &visit{
		cfg: v.cfg, key: rand.Text(), from: from, say: b, told: make(chan struct{}),
		name: started.UTC().Format("20060102-150405.000") + "-" + strings.ToLower(rand.Text()[:4]),
	}
	n.page = newPage("visitor:"+agentName(from.agent), b, v.cfg)
	var err error
	if n.dir, err = measure.Create(filepath.Join(v.cfg.Dir, n.name)); err != nil {
		return nil, err
	}
	err = n.dir.Append(measure.RunRecord{
		Type: measure.TypeRun, Schema: measure.Schema, ID: n.name, Started: started, Command: []string{"cometbench", "serve"},
		Tool: v.cfg.Tool, Host: scenarios.ThisHost(), TimeScale: 1, Planned: len(v.cfg.techniques()),
		Visitor: &measure.VisitRecord{
			UserAgent: from.agent, Via: from.via, HTTP: b.HTTP, TLS: b.TLS,
			RoundTripMS: float64(b.TripUS) / 1000, ClockBoundMS: float64(b.BoundUS) / 1000,
		},
	})
	if err != nil {
		n.dir.Close()
		return nil, err
	}
	return n, nil
}

// run measures until all is known, the page is gone, or ctx ends.
func (n *visit) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Longest)
	defer cancel()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		n.page.watch(ctx, n.cfg.Gone, cancel)
	}()
	complete := true
	for _, some := range n.cfg.stages() {
		sum, err := scenarios.Run(ctx, n.matrix(some), n.dir, scenarios.Options{Origin: bounded{n.cfg.Origin}, Limits: n.cfg.Limits, Ended: n.cellEnded})
		complete = complete && err == nil && sum.Complete
	}
	cancel()
	<-watched
	n.finish(complete)
}

// matrix is some techniques along the one way there is.
func (n *visit) matrix(some []measure.Technique) scenarios.Matrix {
	way := &url.URL{Scheme: "http", Host: "visited.invalid"} // the page knows it better
	own := n.say.HTTP
	return scenarios.Matrix{
		Techniques: some,
		Paths:      []scenarios.Path{scenarios.Visited("visit:"+n.name, way, time.Duration(n.say.TripUS)*time.Microsecond, n.works)},
		Clients:    []scenarios.Receiver{{Name: n.page.Name(), Client: n.page, AtOnce: n.say.Lanes}},
		HTTP:       []string{"1.0", "1.1", "2", "3"},
		TLS:        n.say.TLS,
		Checks:     scenarios.Match(scenarios.All(), asked()),
		// A socket opens a connection of its own, of the one version that it can.
		Include: func(c scenarios.Combination) bool {
			t, _ := measure.TechniqueByName(c.Technique)
			if len(t.HTTP) == 1 {
				return c.HTTP == t.HTTP[0]
			}
			return c.HTTP == own
		},
	}
}

// asked are the checks that a visitor's patience allows. All of them judge one
// exchange of ten small messages.
func asked() []string { return []string{"opening/connect", "delivery/first", "delivery/steady"} }

// cellEnded takes a verdict down for the page.
func (n *visit) cellEnded(rec measure.CellRecord, checks []measure.CheckRecord) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cells = append(n.cells, ended{rec, deciding(rec, checks)})
}

// deciding is what the last of the checks says that the verdict comes from:
// they go from the opening to all messages.
func deciding(rec measure.CellRecord, checks []measure.CheckRecord) string {
	got := rec.Reason
	for _, c := range checks {
		if c.Verdict == rec.Verdict && c.Cause == rec.Cause {
			got = c.Got
		}
	}
	return got
}

// works reports whether a technique is known to work.
func (n *visit) works(technique string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.cells, func(e ended) bool { return e.Technique == technique && e.Verdict == measure.Works })
}

// finish writes the end of the run and renders it. A visit that brought no
// verdict leaves nothing.
func (n *visit) finish(complete bool) {
	end := measure.EndRecord{Type: measure.TypeEnd, Finished: time.Now(), Complete: complete, Verdicts: map[measure.Verdict]int{}}
	n.mu.Lock()
	for _, c := range n.cells {
		end.Cells++
		end.Verdicts[c.Verdict]++
	}
	n.mu.Unlock()
	if end.Cells == 0 {
		n.dir.Close()
		remove(n.dir.Dir())
	} else {
		_ = n.dir.Append(end) // without it the run reads as interrupted, which a full disk makes it
		n.dir.Close()
		if n.cfg.Render != nil {
			_ = n.cfg.Render(n.dir.Dir()) // it is rendered again when somebody asks
		}
	}
	n.mu.Lock()
	n.over = true
	n.mu.Unlock()
}

func (n *visit) isOver() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.over
}

// linger waits until the page knows that it is over.
func (n *visit) linger(ctx context.Context) {
	timer := time.NewTimer(n.cfg.Afterwards)
	defer timer.Stop()
	select {
	case <-n.told:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// state is what a page is answered: the cells behind those it has, and in the
// end what to make of all of them.
func (n *visit) state(have int) (cells []cellNews, total int, advice *advice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := max(0, have); i < len(n.cells); i++ {
		cells = append(cells, newsOf(n.cells[i]))
	}
	if n.over {
		advice = recommend(n.cells)
	}
	return cells, len(n.cells), advice
}

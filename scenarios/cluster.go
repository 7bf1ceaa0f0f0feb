package scenarios

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// cluster is several origins as one, for paths that balance. All have the same
// messages under the same ids, as servers behind a message bus have, so that
// whoever asks one after another by position misses nothing; sessions belong to
// one of them, as they do.
type cluster struct {
	nodes []*served
}

// newCluster starts n origins of the kind that o is.
func newCluster(ctx context.Context, o Origin, n int) (*cluster, error) {
	s, ok := o.(*served)
	if !ok || s.spawn == nil {
		return nil, &unableError{measure.Skipped, fmt.Sprintf("this path wants %d origins, and the run's was started by somebody else", n)}
	}
	epoch := strings.ToLower(rand.Text()[:8])
	c := &cluster{}
	for range n {
		node, err := s.spawn(ctx, net.JoinHostPort(s.url.Hostname(), "0"), epoch)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.nodes = append(c.nodes, node)
	}
	return c, nil
}

// others are the addresses beside URL.
func (c *cluster) others() []*url.URL {
	var out []*url.URL
	for _, node := range c.nodes[1:] {
		out = append(out, node.URL())
	}
	return out
}

func (c *cluster) URL() *url.URL        { return c.nodes[0].URL() }
func (c *cluster) Can() Needs           { return c.nodes[0].Can() }
func (c *cluster) Clock() measure.Clock { return c.nodes[0].Clock() }

func (c *cluster) Roots() []byte {
	var out []byte
	for _, node := range c.nodes {
		out = slices.Concat(out, node.Roots())
	}
	return out
}

// Publish gives each node the message; they must agree on its id.
func (c *cluster) Publish(ctx context.Context, channel string, due time.Time, contentType string, body []byte) (id string, err error) {
	for _, node := range c.nodes {
		given, err := node.Publish(ctx, channel, due, contentType, body)
		if err != nil {
			return "", err
		}
		if id != "" && given != id {
			return "", fmt.Errorf("publish: one origin calls it %s, another %s", id, given)
		}
		id = given
	}
	return id, nil
}

func (c *cluster) Terminate(ctx context.Context, channel string) error {
	var errs []error
	for _, node := range c.nodes {
		errs = append(errs, node.Terminate(ctx, channel))
	}
	return errors.Join(errs...)
}

// recordBits is the room for one node's index in an index of the cluster.
const recordBits = 20

// Record merges what the nodes noticed. The index holds one of each node.
func (c *cluster) Record(ctx context.Context, channel string, since int, wait time.Duration) ([]measure.Event, int, error) {
	events, next, err := c.records(ctx, channel, since)
	if err != nil || len(events) > 0 || wait <= 0 {
		return events, next, err
	}
	if err := c.news(ctx, channel, since, wait); err != nil {
		return nil, since, err
	}
	return c.records(ctx, channel, since)
}

// indexOf is the index of node i within one of the cluster.
func indexOf(index, i int) int { return index >> (i * recordBits) & (1<<recordBits - 1) }

// records asks the nodes for what there is.
func (c *cluster) records(ctx context.Context, channel string, since int) ([]measure.Event, int, error) {
	var out []measure.Event
	index := 0
	for i, node := range c.nodes {
		events, next, err := node.Record(ctx, channel, indexOf(since, i), 0)
		if err != nil {
			return nil, since, err
		}
		for _, e := range events {
			// Numbers that two nodes gave to different things stay apart.
			e.Sub, e.Conn = apart(e.Sub, i, len(c.nodes)), apart(e.Conn, i, len(c.nodes))
			out = append(out, e)
		}
		index |= next << (i * recordBits)
	}
	slices.SortStableFunc(out, func(a, b measure.Event) int { return cmp.Compare(a.T, b.T) })
	return out, index, nil
}

// news waits until one of the nodes has noticed something.
func (c *cluster) news(ctx context.Context, channel string, since int, wait time.Duration) error {
	waiting, enough := context.WithCancel(ctx)
	defer enough()
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	for i, node := range c.nodes {
		wg.Go(func() {
			_, _, errs[i] = node.Record(waiting, channel, indexOf(since, i), wait)
			enough()
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return ctx.Err()
}

// apart gives number n of node i its place among those of all; 0 is none.
func apart(n, i, nodes int) int {
	if n == 0 {
		return 0
	}
	return n*nodes + i
}

func (c *cluster) Close() error {
	var errs []error
	for _, node := range c.nodes {
		errs = append(errs, node.Close())
	}
	return errors.Join(errs...)
}

// clusters keeps those that paths of a run want, each started once.
type clusters struct {
	mu     sync.Mutex
	bySize map[int]*cluster
}

func (c *clusters) of(ctx context.Context, o Origin, n int) (*cluster, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.bySize[n]; have != nil {
		return have, nil
	}
	fresh, err := newCluster(ctx, o, n)
	if err != nil {
		return nil, err
	}
	if c.bySize == nil {
		c.bySize = map[int]*cluster{}
	}
	c.bySize[n] = fresh
	return fresh, nil
}

func (c *clusters) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, one := range c.bySize {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

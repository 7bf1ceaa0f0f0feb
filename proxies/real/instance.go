package real

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/proxies"
)

// Instance is a running program. It is a proxies.Instance that can also be
// reloaded and tells what it uses.
type Instance struct {
	driver  driver
	child   *child.Child // nil until started
	beside  io.Closer    // nil when nothing of ours runs beside it
	dir     string
	base    *url.URL
	mode    proxies.Mode
	version string
	hash    string

	mu     sync.Mutex
	counts bool          // the program can be asked for its counters
	zero   proxies.Stats // the counters when it was ready
	before proxies.Stats // what was counted before the last reload
	asks   int           // own questions since zero, which the counters contain
	closed bool
}

var _ proxies.Reloader = (*Instance)(nil)

// Route is the address the program listens on, as the proxy to ask or in place
// of the origin's.
func (in *Instance) Route() proxies.Route {
	base := *in.base
	if in.mode == proxies.Forward {
		return proxies.Route{Proxy: &base}
	}
	return proxies.Route{Base: &base}
}

// Version is what the program calls its version.
func (in *Instance) Version() string { return in.version }

// ConfigHash is "sha256:" and the hash of the template's text.
func (in *Instance) ConfigHash() string { return in.hash }

// Usage is what the program uses with all its workers. It fails as
// child.Child.Usage does.
func (in *Instance) Usage() (child.Usage, error) { return in.child.Usage() }

// Dir is the directory the program runs in.
func (in *Instance) Dir() string { return in.dir }

// Close stops the program with all its workers and removes its directory.
func (in *Instance) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return nil
	}
	in.closed = true
	var stopped error
	if in.child != nil {
		stopped = in.child.Stop(context.Background())
	}
	if in.beside != nil {
		stopped = errors.Join(stopped, in.beside.Close())
	}
	var swept error
	if d, ok := in.driver.(sweeping); ok {
		swept = d.sweep(in.dir)
	}
	if err := errors.Join(stopped, swept, os.RemoveAll(in.dir)); err != nil {
		return fmt.Errorf("close proxy: %w", err)
	}
	return nil
}

// counterWait bounds one question for the counters.
const counterWait = 2 * time.Second

// Stats asks the program. Counters it does not keep are -1; all are when it
// cannot be asked. Its own questions and those of the start are taken out.
func (in *Instance) Stats() proxies.Stats {
	in.mu.Lock()
	defer in.mu.Unlock()
	unknown := proxies.Stats{Hits: -1, Accepted: -1, Upstream: -1, OpenClients: -1}
	if !in.counts || in.closed {
		return unknown
	}
	now, ok := in.counters(context.Background())
	if !ok {
		return unknown
	}
	in.asks++
	return in.since(now)
}

// counters asks once.
func (in *Instance) counters(ctx context.Context) (proxies.Stats, bool) {
	ctx, cancel := context.WithTimeout(ctx, counterWait)
	defer cancel()
	if d, ok := in.driver.(counted); ok {
		stats, err := d.countersAt(ctx, in.dir, in.base.Host)
		return stats, err == nil
	}
	stats, err := in.driver.counters(ctx, in.dir)
	return stats, err == nil
}

// said is what the program has printed, errors first.
func (in *Instance) said() string {
	return in.child.Stderr().String() + "\n" + in.child.Stdout().String()
}

// listens waits until the program itself holds the port that answers. Where
// the system does not tell who holds a port, an answer is taken as its own.
func (in *Instance) listens(ctx context.Context, listen string) (bool, error) {
	_, text, err := net.SplitHostPort(listen)
	if err != nil {
		return false, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return false, err
	}
	for {
		own, err := in.child.Listens(port)
		switch {
		case own || errors.Is(err, child.ErrNoUsage):
			return true, nil
		case err != nil && !errors.Is(err, os.ErrProcessDone):
			return false, err
		case taken(in.said()):
			return false, errTaken
		}
		if err := in.pause(ctx); err != nil {
			return false, err
		}
	}
}

// serves waits until a program that listens early serves.
func (in *Instance) serves(ctx context.Context) error {
	d, ok := in.driver.(late)
	if !ok {
		return nil
	}
	for {
		if ok, err := d.serves(ctx, in); ok || err != nil {
			return err
		}
		if err := in.pause(ctx); err != nil {
			return err
		}
	}
}

// poll is the pause between two looks at the program.
const poll = 10 * time.Millisecond

// pause waits a little, or until the program ends (ports.ErrGone) or ctx does.
func (in *Instance) pause(ctx context.Context) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-in.child.Done():
		return ports.ErrGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reloadRepeat is after how long without new workers the signal is sent again.
// haproxy's master loses one that comes within some 30 ms of its start, or of
// its last reload, because it executes itself anew then (seen with 2.6.12).
const reloadRepeat = time.Second

// Reload makes the program read its configuration again, as an administrator
// does after a change, and returns when new workers run. The old ones keep
// their connections for as long as the program lets them.
func (in *Instance) Reload(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.reload(ctx); err != nil {
		return fmt.Errorf("reload proxy: %w", err)
	}
	return nil
}

func (in *Instance) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	last, counted := in.counters(ctx)
	var err error
	switch d, ok := in.driver.(reloading); {
	case ok:
		err = d.reloadIn(ctx, in.dir, in.child)
	case in.driver.reload() == nil:
		err = errNoReload
	default:
		err = in.renew(ctx)
	}
	if err != nil {
		return err
	}
	in.carry(ctx, last, counted)
	return nil
}

// renew signals the program until new workers run.
func (in *Instance) renew(ctx context.Context) error {
	old, err := in.child.Pids()
	if err != nil {
		return err
	}
	for sent := (time.Time{}); ; {
		if time.Since(sent) > reloadRepeat {
			if err := in.child.Signal(in.driver.reload()); err != nil {
				return err
			}
			sent = time.Now()
		}
		now, err := in.child.Pids()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(now, func(pid int) bool { return !slices.Contains(old, pid) }) {
			return nil
		}
		if err := in.pause(ctx); err != nil {
			return err
		}
	}
}

// carry keeps the counts going where a reload starts the counters anew.
func (in *Instance) carry(ctx context.Context, last proxies.Stats, counted bool) {
	now, ok := in.counters(ctx)
	if !in.counts || !counted || !ok {
		return
	}
	in.asks += 2
	if now.Accepted >= last.Accepted && now.Hits >= last.Hits {
		return
	}
	in.asks--
	in.before = in.since(last)
	in.zero, in.asks = proxies.Stats{}, 1
}

// since is what clients have caused when the counters stand at now.
func (in *Instance) since(now proxies.Stats) proxies.Stats {
	own := in.driver.asked()
	count := func(now, zero, before, own int) int {
		if now < 0 {
			return -1
		}
		return max(0, now-zero+before-own*in.asks)
	}
	return proxies.Stats{
		Hits:        count(now.Hits, in.zero.Hits, in.before.Hits, own.Hits),
		Accepted:    count(now.Accepted, in.zero.Accepted, in.before.Accepted, own.Accepted),
		Upstream:    count(now.Upstream, in.zero.Upstream, in.before.Upstream, own.Upstream),
		OpenClients: now.OpenClients,
	}
}

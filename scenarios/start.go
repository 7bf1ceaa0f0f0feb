package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/reference"
)

// InProcess starts the reference server inside this process, on a free
// loopback port: for tests. extra are further paths to serve, such as the
// browsers' pages.
func InProcess(extra map[string]http.Handler) (Origin, error) {
	return InProcessWith(reference.Config{Extra: extra})
}

// InProcessWith does so with a configuration; it keeps a record in any case.
func InProcessWith(c reference.Config) (Origin, error) {
	c.Record = true
	return inProcess("127.0.0.1:0", c)
}

func inProcess(listen string, c reference.Config) (*served, error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("start origin: %w", err)
	}
	srv, err := reference.New(c)
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("start origin: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, ln) }()
	o := newServed(&url.URL{Scheme: "http", Host: ln.Addr().String()}, "")
	o.spawn = func(_ context.Context, listen, epoch string) (*served, error) {
		other := c // several may be wanted at once
		other.Epoch, other.Peers = epoch, epoch != ""
		return inProcess(listen, other)
	}
	stop := func(grace time.Duration) error {
		within, stop := context.WithTimeout(context.Background(), grace)
		defer stop()
		err := srv.Shutdown(within)
		cancel()
		if serr := <-done; serr != nil && !errors.Is(serr, http.ErrServerClosed) && !errors.Is(serr, context.Canceled) {
			err = errors.Join(err, serr)
		}
		return err
	}
	var once sync.Once
	o.close = func() (err error) {
		once.Do(func() { err = stop(5 * time.Second) })
		return err
	}
	o.kill = func() error {
		once.Do(func() { _ = stop(0) }) // that it did not end in peace is what was wanted
		return nil
	}
	return o, nil
}

// Ready is the line that `cometbench serve --json` prints when it listens.
type Ready struct {
	URL   string `json:"url"`
	Token string `json:"token,omitempty"`
	Roots string `json:"roots_pem,omitempty"` // the authority behind a certificate of its own
	PID   int    `json:"pid,omitempty"`
}

// Child starts `program serve --json args…` as a process of its own, so that
// the origin's memory, descriptors and garbage collection are not the
// coordinator's, and waits until it listens.
func Child(ctx context.Context, program string, args ...string) (Origin, error) {
	o, err := startChild(ctx, program, args)
	if err != nil {
		return nil, err
	}
	return o, nil
}

func startChild(ctx context.Context, program string, args []string) (*served, error) {
	first := &firstLine{ready: make(chan struct{})}
	p, err := child.Start(child.Config{Path: program, Args: append([]string{"serve", "--json"}, args...), Stdout: first})
	if err != nil {
		return nil, fmt.Errorf("start origin: %w", err)
	}
	stop := func() error { return p.Stop(context.Background()) }
	late := time.NewTimer(childWait)
	defer late.Stop()
	select {
	case <-first.ready:
	case <-p.Done():
		return nil, fmt.Errorf("start origin: %s", p.Stderr().LastLine())
	case <-late.C:
		return nil, errors.Join(fmt.Errorf("start origin: it does not listen after %s", childWait), stop())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	}
	var ready Ready
	if err := json.Unmarshal(first.line(), &ready); err != nil {
		return nil, errors.Join(fmt.Errorf("start origin: unexpected first line %.80q", first.line()), stop())
	}
	u, err := url.Parse(ready.URL)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start origin: %w", err), stop())
	}
	o := newServed(u, ready.Token)
	if err := o.trust([]byte(ready.Roots)); err != nil {
		return nil, errors.Join(fmt.Errorf("start origin: %w", err), stop())
	}
	o.close, o.usage = stop, p.Usage
	o.kill = func() error {
		if err := p.Signal(os.Kill); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("kill origin: %w", err)
		}
		return stop()
	}
	o.spawn = func(ctx context.Context, listen, epoch string) (*served, error) {
		more := append(slices.Clone(args), "--listen", listen)
		if epoch != "" {
			more = append(more, "--epoch", epoch)
		}
		return startChild(ctx, program, more)
	}
	return o, nil
}

// childWait is how long a child may take until it listens.
const childWait = 15 * time.Second

// firstLine is a writer that keeps what comes before the first line feed, at
// most 4 KB, and closes ready there.
type firstLine struct {
	mu    sync.Mutex
	buf   []byte
	whole bool
	ready chan struct{}
}

func (f *firstLine) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.whole {
		return len(p), nil
	}
	f.buf = append(f.buf, p[:min(len(p), 4096)]...)
	if i := bytes.IndexByte(f.buf, '\n'); i >= 0 || len(f.buf) > 4096 {
		if i >= 0 {
			f.buf = f.buf[:i]
		}
		f.whole = true
		close(f.ready)
	}
	return len(p), nil
}

func (f *firstLine) line() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.buf
}

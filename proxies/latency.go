package proxies

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

func latencyFault() Fault {
	return Fault{
		Name:   "latency",
		Means:  "What the origin sends reaches the client later; spacing and size of the pieces stay.",
		Source: "long paths",
		Params: []Param{
			{Name: "by", Type: Duration, Time: Wire, Default: "50ms", Main: true, Means: "the delay"},
		},
		New: func(a Args) (Hooks, error) {
			by := a.Duration("by")
			if by > maxLatency {
				return Hooks{}, errors.New("more than a minute is no latency")
			}
			return Hooks{
				Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
					return newLateWriter(next, always(by), r.Context().Done())
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					return newLateConn(client, always(by)), upstream
				},
			}, nil
		},
	}
}

// always is a delay that never changes.
func always(by time.Duration) func() time.Duration { return func() time.Duration { return by } }

// maxLatency bounds how long a tunnel that is over may go on.
const maxLatency = time.Minute

// maxLate bounds what a delay line holds, in bytes; more has to wait.
const maxLate = 64 << 20

// delayLine does things in order, each a time after it was asked for.
type delayLine struct {
	by    func() time.Duration
	last  time.Time       // when the latest thing is due: none overtakes it
	gone  <-chan struct{} // nobody waits any more
	mu    sync.Mutex
	cond  *sync.Cond
	queue []lateThing
	bytes int
	over  bool
	done  chan struct{}
}

type lateThing struct {
	due  time.Time
	size int
	do   func()
}

func newDelayLine(by func() time.Duration, gone <-chan struct{}) *delayLine {
	d := &delayLine{by: by, gone: gone, done: make(chan struct{})}
	d.cond = sync.NewCond(&d.mu)
	go d.run()
	return d
}

func (d *delayLine) add(size int, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.bytes+size > maxLate && d.bytes > 0 && !d.over {
		d.cond.Wait()
	}
	if d.over {
		return
	}
	d.bytes += size
	if due := time.Now().Add(d.by()); due.After(d.last) {
		d.last = due
	}
	d.queue = append(d.queue, lateThing{due: d.last, size: size, do: do})
	d.cond.Broadcast()
}

func (d *delayLine) run() {
	defer close(d.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		d.mu.Lock()
		for len(d.queue) == 0 && !d.over {
			d.cond.Wait()
		}
		if len(d.queue) == 0 {
			d.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()

		timer.Reset(time.Until(next.due))
		select {
		case <-timer.C:
			next.do()
		case <-d.gone:
		}
		d.mu.Lock()
		d.bytes -= next.size
		d.cond.Broadcast()
		d.mu.Unlock()
	}
}

// close lets the line run dry and waits for it.
func (d *delayLine) close() {
	d.mu.Lock()
	d.over = true
	d.cond.Broadcast()
	d.mu.Unlock()
	<-d.done
}

// lateWriter delays a response.
type lateWriter struct {
	ResponseWriter
	line *delayLine
	mu   sync.Mutex
	err  error
}

func newLateWriter(next ResponseWriter, by func() time.Duration, gone <-chan struct{}) *lateWriter {
	return &lateWriter{ResponseWriter: next, line: newDelayLine(by, gone)}
}

func (w *lateWriter) WriteHeader(status int) {
	w.line.add(0, func() { w.ResponseWriter.WriteHeader(status) })
}

func (w *lateWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	err := w.err
	w.mu.Unlock()
	if err != nil {
		return 0, err
	}
	later := append([]byte(nil), p...)
	w.line.add(len(later), func() {
		if _, err := w.ResponseWriter.Write(later); err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
		}
	})
	return len(p), nil
}

// Finish passes the end on, late as everything else, or at once when the client
// has left.
func (w *lateWriter) Finish(err error) {
	finish := sync.OnceFunc(func() { w.ResponseWriter.Finish(err) })
	w.line.add(0, finish)
	w.line.close()
	finish()
}

// lateConn delays what is written to it.
type lateConn struct {
	net.Conn
	line *delayLine
	gone chan struct{}
	once sync.Once
}

func newLateConn(c net.Conn, by func() time.Duration) *lateConn {
	gone := make(chan struct{})
	return &lateConn{Conn: c, gone: gone, line: newDelayLine(by, gone)}
}

func (c *lateConn) NetConn() net.Conn { return c.Conn }

func (c *lateConn) Write(p []byte) (int, error) {
	later := append([]byte(nil), p...)
	c.line.add(len(later), func() {
		if _, err := c.Conn.Write(later); err != nil {
			_ = c.Conn.Close() // wakes the reader, which ends the tunnel
		}
	})
	return len(p), nil
}

func (c *lateConn) CloseWrite() error {
	c.line.add(0, func() { closeWrite(c.Conn) })
	return nil
}

func (c *lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && err != io.EOF {
		c.forget()
	}
	return n, err
}

// forget drops what is still on its way: nobody is there to get it.
func (c *lateConn) forget() { c.once.Do(func() { close(c.gone) }) }

// Close closes late, too.
func (c *lateConn) Close() error {
	c.line.close()
	return c.Conn.Close()
}

package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// DefaultGrace is how long a child may take to end when it is asked to.
const DefaultGrace = 5 * time.Second

// drain is how long output is read after the whole group is gone. Only a
// process that left the group can still hold the pipe then.
const drain = time.Second

// Config says what to start. Path is the only field that must be set. Standard
// input is the null device.
type Config struct {
	Path string   // the program, looked up in PATH when it has no slash
	Args []string // without the program's own name
	Dir  string   // working directory; "" is ours
	Env  []string // KEY=VALUE; nil is our environment
	// Stdout and Stderr get everything as it is printed, in addition to the
	// tails. They must not block; their errors are ignored.
	Stdout, Stderr io.Writer
	Tail           int // bytes kept of each output; 0 is DefaultTail
	// StopSignal is what Stop sends first; 0 is SIGTERM. Windows knows no
	// signals: there Stop kills at once.
	StopSignal syscall.Signal
	// Grace is the time between StopSignal and the kill; 0 is DefaultGrace.
	Grace time.Duration
	// DeathSignal is what the program gets when this process dies without
	// stopping it (Linux only); 0 is SIGKILL. A program with workers of its own
	// wants the signal on which it ends them, because only the program itself
	// is signalled.
	DeathSignal syscall.Signal
	// UID and GID are whom the program runs as, without further groups; 0 is
	// whom we run as. Only root has the choice, and Windows has not. A program
	// that changes its user by itself is no longer told that we died.
	UID, GID uint32
}

// Child is a started program. Its methods are safe for concurrent use.
type Child struct {
	cfg    Config
	cmd    *exec.Cmd
	out    Tail
	errOut Tail
	done   chan struct{} // closed when it and its group are gone and the output is read

	mu     sync.Mutex
	reaped bool // the process id may belong to somebody else from now on
	killed bool
	state  *os.ProcessState
}

// ExitError says how a program ended that did not end well.
type ExitError struct {
	Program string // base name
	State   *os.ProcessState
	Message string // the last line it printed to standard error, else to standard output
}

func (e *ExitError) Error() string {
	s := e.Program + ": " + e.State.String()
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Start starts a program. It lives until it ends by itself or Stop is called;
// the goroutines that watch it end with it.
func Start(cfg Config) (*Child, error) {
	c := &Child{cfg: cfg, done: make(chan struct{})}
	c.out.Limit, c.errOut.Limit = cfg.Tail, cfg.Tail
	c.cmd = exec.Command(cfg.Path, cfg.Args...)
	c.cmd.Dir, c.cmd.Env = cfg.Dir, cfg.Env
	c.cmd.SysProcAttr = sysProcAttr(cfg)

	started := make(chan error, 1)
	go c.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cfg.Path), err)
	}
	return c, nil
}

// run owns the program from start to end. It stays on one thread, because
// Linux sends the death signal when the starting *thread* ends, and Go ends a
// thread whenever a goroutine exits while locked to it.
func (c *Child) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var readers sync.WaitGroup
	readers.Add(2)
	outW, outR, err := c.capture(&readers, &c.out, c.cfg.Stdout)
	if err != nil {
		started <- err
		return
	}
	errW, errR, err := c.capture(&readers, &c.errOut, c.cfg.Stderr)
	if err != nil {
		readers.Done()
		outW.Close()
		outR.Close()
		started <- err
		return
	}
	c.cmd.Stdout, c.cmd.Stderr = outW, errW
	err = c.cmd.Start()
	outW.Close()
	errW.Close()
	if err != nil {
		readers.Wait() // at once: nobody else holds the other ends
		started <- err
		return
	}
	started <- nil

	c.reap()
	cut := time.AfterFunc(drain, func() {
		outR.Close()
		errR.Close()
	})
	readers.Wait()
	cut.Stop()
	close(c.done)
}

// capture makes a pipe and reads it to its end into tail and tee. The caller
// has added to readers.
func (c *Child) capture(readers *sync.WaitGroup, tail *Tail, tee io.Writer) (w, r *os.File, err error) {
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	go func() {
		defer readers.Done()
		defer r.Close()
		buf := make([]byte, 8<<10)
		for {
			n, err := r.Read(buf)
			_, _ = tail.Write(buf[:n]) // never fails
			if tee != nil && n > 0 {
				_, _ = tee.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	return w, r, nil
}

// Pid returns the process id, which is the group's id as well (on Unix).
func (c *Child) Pid() int { return c.cmd.Process.Pid }

// Done is closed when the program and its group are gone.
func (c *Child) Done() <-chan struct{} { return c.done }

// Stdout returns the end of what the program has printed so far.
func (c *Child) Stdout() *Tail { return &c.out }

// Stderr returns the end of what the program has printed as errors so far.
func (c *Child) Stderr() *Tail { return &c.errOut }

// State returns how the program ended, or nil while it runs.
func (c *Child) State() *os.ProcessState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Wait waits until the program has ended or ctx has. It returns nil for exit
// status 0, an *ExitError for any other end, ctx's error if that was first.
func (c *Child) Wait(ctx context.Context) error {
	select {
	case <-c.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	state := c.State()
	if state.Success() {
		return nil
	}
	message := c.errOut.LastLine()
	if message == "" {
		message = c.out.LastLine()
	}
	return &ExitError{Program: filepath.Base(c.cfg.Path), State: state, Message: message}
}

// Signal sends a signal to the program itself, not to its group. It returns
// os.ErrProcessDone when it has ended.
func (c *Child) Signal(sig os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return os.ErrProcessDone
	}
	return c.cmd.Process.Signal(sig)
}

// Stop ends the program: StopSignal to the program itself, and after the grace,
// or as soon as ctx ends, a kill for its whole group. It returns when nothing
// of it is left. How the program ended is no error here (State tells); the
// error says that it could not be ended.
func (c *Child) Stop(ctx context.Context) error {
	sig := c.cfg.StopSignal
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	grace := c.cfg.Grace
	if grace == 0 {
		grace = DefaultGrace
	}
	if err := c.Signal(sig); err == nil {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-c.done:
			return nil
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if err := c.kill(); err != nil {
		return fmt.Errorf("stop %s: %w", filepath.Base(c.cfg.Path), err)
	}
	<-c.done
	return nil
}

// kill kills the group if the program has not ended.
func (c *Child) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return nil
	}
	if err := killGroup(c.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	c.killed = true
	return nil
}

// Killed reports whether Stop had to kill the program.
func (c *Child) Killed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

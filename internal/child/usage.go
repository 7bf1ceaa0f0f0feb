package child

import (
	"errors"
	"time"
)

// ErrNoUsage says that this system does not tell what processes use (it has no
// /proc as Linux has).
var ErrNoUsage = errors.New("what processes use is only known on Linux")

// Usage is what a process and its living descendants use together.
type Usage struct {
	Processes   int
	Threads     int
	Descriptors int // open files and sockets; -1 when they may not be read
	// RSS is resident memory in bytes, with pages that several of the processes
	// share counted once where the system tells (proportional set size), else
	// once for each.
	RSS int64
	// CPU is processor time, user and system, with that of ended descendants
	// that were waited for. These count in steps of 10 ms, the others exactly
	// where the system has a clock for each process.
	CPU time.Duration
}

// Usage measures the program with its descendants and its group. It fails with
// os.ErrProcessDone when the program has ended, and with ErrNoUsage on systems
// other than Linux.
func (c *Child) Usage() (Usage, error) { return measure(c.Pid(), true) }

// Measure measures any process, our own for example, with its descendants. It
// fails as Child.Usage does.
func Measure(pid int) (Usage, error) { return measure(pid, false) }

// Pids returns the numbers of the program, its living descendants and its
// group's members in ascending order. It fails as Usage does.
func (c *Child) Pids() ([]int, error) { return pids(c.Pid()) }

// Listens reports whether the program, a descendant or a member of its group
// holds a listening TCP socket on the port, which tells its own port from one
// that somebody else took first. It fails as Usage does.
func (c *Child) Listens(port int) (bool, error) { return listens(c.Pid(), port) }

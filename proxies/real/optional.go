package real

import (
	"context"
	"fmt"
	"os"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

// What a driver may have beyond driver. Each is optional.
type (
	// named: the program's file is not called as specs say it.
	named interface{ binary() string }

	// modal: the modes that a configuration is for, the usual one first;
	// otherwise it is reverse.
	modal interface {
		modes(text string) []proxies.Mode
	}

	// fronted: the HTTP versions towards clients; otherwise they are 1.0 and 1.1.
	fronted interface{ front(text string) []string }

	// counted: the program is asked for its counters at the address it listens
	// on, in place of counters.
	counted interface {
		countersAt(ctx context.Context, dir, address string) (proxies.Stats, error)
	}

	// reloading: what makes the program read its configuration again is no
	// signal after which new processes run. It returns when the program has.
	reloading interface {
		reloadIn(ctx context.Context, dir string, c *child.Child) error
	}

	// disowned: the program runs as nobody, at least now.
	disowned interface{ runsAsNobody() bool }

	// placed: the program is told where to listen by these arguments and not by
	// its configuration.
	placed interface {
		listenOn(address string) (args []string)
	}

	// late: the program listens before it serves, and may give up in between. It
	// is asked once the program has been connected to; an error says that there
	// is nothing to wait for.
	late interface {
		serves(ctx context.Context, in *Instance) (bool, error)
	}

	// sweeping: the program leaves something outside its directory when it does
	// not end as it should.
	sweeping interface{ sweep(dir string) error }
)

// silent is the part of a driver whose program has no counters and reads its
// configuration once.
type silent struct{}

func (silent) counters(context.Context, string) (proxies.Stats, error) {
	return proxies.Stats{}, errNoCounters
}

func (silent) asked() proxies.Stats { return proxies.Stats{} }

func (silent) reload() os.Signal { return nil }

var errNoReload = fmt.Errorf("it reads its configuration at the start only: %w", proxies.ErrNoReload)

// modes of a configuration of the program.
func (p Program) modes(c Config) []proxies.Mode {
	if d, ok := p.driver.(modal); ok {
		return d.modes(c.Text)
	}
	return []proxies.Mode{proxies.Reverse}
}

// front lists the HTTP versions that clients can use.
func (p Program) front(c Config) []string {
	if d, ok := p.driver.(fronted); ok {
		return d.front(c.Text)
	}
	return []string{"1.0", "1.1"}
}

// file is the base name of the program's file.
func (p Program) file() string {
	if d, ok := p.driver.(named); ok {
		return d.binary()
	}
	return p.Name
}

// refusedError is a configuration that a driver's lay has found wrong, in the
// program's words.
type refusedError struct{ message string }

func (e *refusedError) Error() string { return e.message }

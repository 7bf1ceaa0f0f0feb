package browsers

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// engine is what differs between browsers before one runs: how it is found and
// started, and what it cannot do.
type engine interface {
	name() string   // of the client in results
	binary() string // path of the program
	// mostContexts is how many subscriptions two cores carry at once without
	// noticeable delay.
	mostContexts() int
	// sharesProcess reports whether one process serves many subscriptions, each
	// with connections of its own. Where it does not, each has a process.
	sharesProcess() bool
	// supports says what this engine cannot be asked for, beyond what no
	// browser can.
	supports(measure.Subscription) error
	// start runs a process and waits until it answers, at most as long as ctx
	// lasts; the process lives on. patient is how long it may take for a small
	// command later on.
	start(ctx context.Context, l launch, patient time.Duration) (process, error)
}

// launch is what only a whole process can be told. Processes that share
// nothing have their proxy in it as well.
type launch struct {
	http2    bool
	roots    string // PEM
	proxy    string
	insecure bool
}

func launchFor(t measure.Target) launch {
	return launch{http2: t.HTTP == "2", roots: string(t.RootsPEM)}
}

// process is one running browser. Its methods may be called at the same time.
type process interface {
	// openPage makes a page in a context of its own, whose proxy is what the
	// target says, loopback addresses included.
	openPage(ctx context.Context, t measure.Target) (page, error)
	// alive reports whether it can still be talked to.
	alive() bool
	product() string // name and version
	pid() int
	// close kills it with all its children, waits for them and removes its
	// profile. It may be called more than once.
	close()
}

// page is one tab. All its methods but close give up when ctx ends.
type page interface {
	// beside makes another page in the same context, which lives as long as
	// this one. Its close ends nothing but itself.
	beside(ctx context.Context, t measure.Target) (page, error)
	// load brings the page of a technique into the tab. A *notLoaded error is
	// the path's doing; every other error is the browser's.
	load(ctx context.Context, address *url.URL, technique string, within time.Duration) error
	// eval runs a small expression in the page and returns it as a string.
	// Beside the browser's own errors there are errHung and errLeft.
	eval(ctx context.Context, expression string) (string, error)
	// start evaluates the expression that sets a technique going. Reports
	// arrive in the inbox from then on.
	start(ctx context.Context, expression string) error
	// inbox is where reports of the page and of its network arrive.
	inbox() *inbox
	// gone is closed when the tab is no more, though nobody closed it; died
	// says why.
	gone() <-chan struct{}
	died() error
	// close ends the context and with it every connection of the page. A
	// browser that does not do so in time is killed, and that is an error.
	close() error

	// clockStep is how coarsely the page sees time, in microseconds.
	clockStep() int64
	// tellsNetwork reports whether the inbox gets what the network saw.
	tellsNetwork() bool
}

// errHung marks errors after which the process is killed: it is there, and does
// not answer. errLeft is no error at all: the subscription ended meanwhile.
var (
	errHung = errors.New("the browser hangs")
	errLeft = errors.New("the subscription ended")
)

// notLoaded says what came instead of a page.
type notLoaded struct {
	note   string
	status int // of the answer, if there was one
}

func (e *notLoaded) Error() string { return e.note }

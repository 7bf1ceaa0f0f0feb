package external_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/bayeux"
	"github.com/cometbench/cometbench/scenarios/external"
)

// hold is how long the origin holds a connect: faye notices that an answer was
// cut only when a fifth more than that is over.
const hold = time.Second

// patience bounds each wait for something that must happen.
const patience = 40 * time.Second

var kit = sync.OnceValues(func() (*external.Kit, error) {
	return external.Install(context.Background(), "")
})

// installed skips a test where the programs cannot be.
func installed(t *testing.T) *external.Kit {
	t.Helper()
	k, err := kit()
	if errors.Is(err, external.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// atOnce bounds how many programs run beside each other: each is a Node, and
// most of the time it waits.
var atOnce = make(chan struct{}, 8)

// origin is a reference server that can be stopped and started again on the
// same address.
type origin struct {
	t      *testing.T
	url    *url.URL
	server *reference.Server
	served chan error
}

func startOrigin(t *testing.T) *origin {
	t.Helper()
	o := &origin{t: t}
	o.start("127.0.0.1:0")
	t.Cleanup(o.stop)
	return o
}

func (o *origin) start(address string) {
	o.t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		o.t.Fatal(err)
	}
	o.url = &url.URL{Scheme: "http", Host: ln.Addr().String()}
	if o.server, err = reference.New(reference.Config{Bayeux: bayeux.Config{Timeout: hold}}); err != nil {
		o.t.Fatal(err)
	}
	o.served = make(chan error, 1)
	go func(s *reference.Server, served chan error) { served <- s.Serve(context.Background(), ln) }(o.server, o.served)
}

// stop shuts down with little grace: programs do not leave by themselves.
func (o *origin) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = o.server.Shutdown(ctx)
	if err := <-o.served; err != nil {
		o.t.Errorf("serve: %v", err)
	}
}

func (o *origin) publish(channel string, from, to int) {
	o.t.Helper()
	for n := from; n < to; n++ {
		if _, err := o.server.Hub().Publish(channel, "application/json", fmt.Appendf(nil, `{"n":%d}`, n), 0); err != nil {
			o.t.Fatal(err)
		}
	}
}

// through starts a proxy in front of the origin and returns where it is.
func (o *origin) through(spec string) *url.URL {
	o.t.Helper()
	p, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		o.t.Skip(err)
	}
	in, err := p.Start(o.t.Context(), proxies.Env{Origin: o.url, Mode: proxies.Reverse, Seed: 7})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { in.Close() })
	if base := in.Route().Base; base != nil {
		return base
	}
	return o.url
}

// report is what a program has told so far.
type report struct {
	t      *testing.T
	mu     sync.Mutex
	events []external.Event
	news   chan struct{} // has room for one
	p      *external.Process
}

// run starts a program, and ends it with the test.
func run(t *testing.T, k *external.Kit, program string, r external.Run) *report {
	t.Helper()
	atOnce <- struct{}{}
	p, ok := external.ByName(program)
	if !ok {
		t.Fatalf("no program %s", program)
	}
	out := &report{t: t, news: make(chan struct{}, 1)}
	process, err := k.Start(p, r, func(e external.Event) {
		out.mu.Lock()
		out.events = append(out.events, e)
		out.mu.Unlock()
		select {
		case out.news <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	out.p = process
	t.Cleanup(func() {
		process.Kill()
		<-atOnce
		if err := process.Err(); err != nil {
			t.Error(err)
		}
	})
	return out
}

func (r *report) all() []external.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// until waits until what was told so far is enough.
func (r *report) until(what string, enough func([]external.Event) bool) {
	r.t.Helper()
	late := time.After(patience)
	for !enough(r.all()) {
		select {
		case <-r.news:
		case <-r.p.Done():
			if enough(r.all()) { // its last words
				return
			}
			r.t.Fatalf("it ended before %s:\n%s", what, r.tail())
		case <-late:
			r.t.Fatalf("no %s:\n%s", what, r.tail())
		}
	}
}

func (r *report) tail() string {
	all := r.all()
	all = all[max(0, len(all)-12):]
	var out []byte
	for _, e := range all {
		line, _ := json.Marshal(e)
		out = append(append(out, line[:min(len(line), 300)]...), '\n')
	}
	return string(out)
}

// numbers are the n of the messages of a channel, in the order of arrival. Of
// the hub's messages it is that of their data.
func numbers(t *testing.T, events []external.Event, channel string) (out []int) {
	t.Helper()
	for _, e := range events {
		if e.Event != "message" || e.Channel != channel {
			continue
		}
		var m struct {
			N       *int
			Control string
			Data    struct{ N *int }
		}
		if err := json.Unmarshal(e.Data, &m); err != nil {
			t.Fatalf("%s: %v", e.Data, err)
		}
		switch {
		case m.Control != "":
		case m.N != nil:
			out = append(out, *m.N)
		case m.Data.N != nil:
			out = append(out, *m.Data.N)
		}
	}
	return out
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

// is reports whether something of a kind was told, about a channel if that is
// not "".
func is(event, channel string) func([]external.Event) bool {
	return func(all []external.Event) bool {
		return slices.ContainsFunc(all, func(e external.Event) bool { return e.Event == event && (channel == "" || e.Channel == channel) })
	}
}

// pause waits for the next event, at most for as long as a person would not
// notice.
func (r *report) pause() {
	r.t.Helper()
	select {
	case <-r.news:
	case <-r.p.Done():
		r.t.Fatalf("it ended:\n%s", r.tail())
	case <-time.After(50 * time.Millisecond):
	}
	if err := r.t.Context().Err(); err != nil {
		r.t.Fatal(err)
	}
}

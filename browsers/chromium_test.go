package browsers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// shared are the browsers of the tests that do them no harm; TestMain closes
// them.
var shared = sync.OnceValue(func() map[string]*Browser {
	all := map[string]*Browser{}
	for _, name := range Names() {
		if b, err := New(context.Background(), name, Options{}); err == nil {
			all[name] = b
		}
	}
	return all
})

// sharedChromium returns a browser that other tests use at the same time, or skips
// the test where none is installed.
func sharedChromium(t *testing.T) *Browser {
	t.Helper()
	return sharedBrowser(t, "chromium")
}

func sharedBrowser(t *testing.T, name string) *Browser {
	t.Helper()
	b := shared()[name]
	if b == nil {
		_, err := New(t.Context(), name, Options{})
		skipWithout(t, err)
	}
	return b
}

// each runs a test in every browser that is installed.
func each(t *testing.T, test func(t *testing.T, b *Browser)) {
	t.Helper()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, sharedBrowser(t, name))
		})
	}
}

// newChromium returns a browser of the test's own, closed when it ends.
func newChromium(t *testing.T, o Options) *Browser {
	t.Helper()
	return newBrowser(t, "chromium", o)
}

func newBrowser(t *testing.T, name string, o Options) *Browser {
	t.Helper()
	c, err := New(t.Context(), name, o)
	skipWithout(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// some is every second of the techniques in Firefox, and every third where each
// subscription costs a process: what a page does is the same in all.
func some(b *Browser, techniques ...string) []string {
	step := map[string]int{"chromium": 1, "firefox": 2, "webkit": 3}[b.Name()]
	var few []string
	for i := 0; i < len(techniques); i += step {
		few = append(few, techniques[i])
	}
	return few
}

// can skips what a browser says it cannot do.
func can(t *testing.T, b *Browser, s measure.Subscription) measure.Subscription {
	t.Helper()
	if err := b.Supports(s); err != nil {
		t.Skip(err)
	}
	return s
}

func skipWithout(t *testing.T, err error) {
	t.Helper()
	var missing *MissingError
	if errors.As(err, &missing) {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	if address := os.Getenv(childVariable); address != "" {
		runUntilKilled(address)
	}
	manyAtOnce()
	code := m.Run()
	for _, b := range shared() {
		b.Close()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// manyAtOnce lets more tests run at once than there are processors, unless it
// was said how many: they wait for browsers and for the network.
func manyAtOnce() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", "6")
	}
}

// runsVariable says how many runs of each browser make browsers asks for. It
// also switches on what starts the slower engines anew for one question.
const runsVariable = "COMETBENCH_BROWSER_RUNS"

// childVariable makes the test program run the browser that childBrowser names
// until it is killed.
const (
	childVariable = "BROWSERS_TEST_CHILD"
	childBrowser  = "BROWSERS_TEST_CHILD_NAME"
)

// runUntilKilled prints the browser's pid when the first message is there.
func runUntilKilled(address string) {
	b, err := New(context.Background(), os.Getenv(childBrowser), Options{})
	if err == nil {
		err = b.Subscribe(context.Background(), subscription("eventsource", address), func(e measure.Event) {
			if id("e-1")(e) {
				fmt.Println(b.lastPid())
			}
		})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// within bounds what a test waits for; nothing is expected to take so long.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func subscription(technique, url string) measure.Subscription {
	return measure.Subscription{
		Technique: technique, Target: measure.Target{URL: url}, Resume: true,
		PollInterval: 10 * time.Millisecond, Retry: 10 * time.Millisecond,
	}
}

// receive subscribes until enough says so, and returns all events.
func receive(t *testing.T, c *Browser, s measure.Subscription, enough func(measure.Event) bool) []measure.Event {
	t.Helper()
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	var events []measure.Event
	err := c.Subscribe(ctx, s, func(e measure.Event) {
		events = append(events, e)
		if enough != nil && enough(e) {
			leave()
		}
	})
	if err != nil {
		t.Fatalf("%v; events so far: %+v", err, events)
	}
	return events
}

// id returns a function that recognises a message.
func id(want string) func(measure.Event) bool {
	return func(e measure.Event) bool { return e.Kind == measure.Received && e.ID == want }
}

func ids(events []measure.Event) []string {
	var ids []string
	for _, e := range events {
		if e.Kind == measure.Received {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func count(events []measure.Event, kind measure.EventKind) int {
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// hostile is data that would do harm as anything else than data.
var hostile = []string{
	`123`,
	`"</script><script>parent.cometbench.stop()</script>"`,
	`"<!-- <script> \u2028 \u2029 --> ` + "\u2028\u2029" + `"`,
	`"'quotes\" and \\ backslashes ]); stop(); //"`,
	`{"control":"end","reason":"terminated"}`,
	`"data: x\n\nid: e-9\n\n--frontier--\r\n"`,
}

func TestPagesReceiveInOrder(t *testing.T) {
	each(t, func(t *testing.T, b *Browser) {
		t.Cleanup(func() { // when all pages have been read
			if bound := b.Clock().BoundUS; bound <= 0 || bound > time.Second.Microseconds() {
				t.Errorf("clock bound is %d µs", bound)
			}
		})
		for _, technique := range pages.Techniques() {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				receivesInOrder(t, b, technique)
			})
		}
	})
}

func receivesInOrder(t *testing.T, b *Browser, technique string) {
	o := newOrigin(t, hostile...)
	began := time.Now().UnixMicro()
	events := receive(t, b, can(t, b, subscription(technique, o.url(technique))), id("e-6"))
	if got, want := ids(events), []string{"e-1", "e-2", "e-3", "e-4", "e-5", "e-6"}; !slices.Equal(got, want) {
		t.Fatalf("got messages %v, want %v", got, want)
	}
	// A browser that tells nothing of its network leaves it to the page, which
	// is shown no head by elements.
	if b.Name() != "webkit" {
		if events[0].Kind != measure.Dial || events[1].Kind != measure.Headers {
			t.Errorf("began with %s, %s, want dial, headers", events[0].Kind, events[1].Kind)
		}
		if h := events[1]; h.HTTP != "1.1" || h.Conn != 1 || h.Status != 200 && h.Status != 101 {
			t.Errorf("headers: %+v", h)
		}
	}
	if n := count(events, measure.Failed); n > 0 {
		t.Errorf("%d errors: %+v", n, events)
	}
	for _, e := range events {
		if e.T < began-5000 || e.T > time.Now().UnixMicro()+5000 {
			t.Errorf("%s at %d, which is not between start and now", e.Kind, e.T)
		}
		if id("e-1")(e) && e.Bytes != 3 {
			t.Errorf("message %s has %d bytes of data, want 3", e.ID, e.Bytes)
		}
	}
	streams := !slices.Contains([]string{"short-poll", "long-poll", "callback-poll", "piggyback"}, technique)
	if streams != (count(events, measure.Prelude) == 1) {
		t.Errorf("%d hellos were seen", count(events, measure.Prelude))
	}
}

func TestOriginSeesTheClientLeave(t *testing.T) {
	each(t, func(t *testing.T, b *Browser) {
		for _, technique := range pages.Techniques() {
			if technique == "short-poll" || technique == "piggyback" {
				continue // never held
			}
			if b.Name() == "webkit" && technique != "eventsource" {
				continue // whatever the technique, the browser is killed
			}
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				o := newOrigin(t)
				s := can(t, b, subscription(technique, o.url(technique)))
				ctx, leave := context.WithCancel(within(t))
				defer leave()
				go func() {
					select {
					case <-o.held:
					case <-ctx.Done():
					}
					leave()
				}()
				if err := b.Subscribe(ctx, s, func(measure.Event) {}); err != nil {
					t.Fatal(err)
				}
				select {
				case got := <-o.left:
					if got != technique {
						t.Errorf("%s left", got)
					}
				case <-within(t).Done():
					t.Error("the origin never learned that the client left")
				}
			})
		}
	})
}

func TestFirstEndWithoutResume(t *testing.T) {
	c := sharedChromium(t)
	for _, technique := range []string{"short-poll", "callback-poll", "eventsource", "fetch-streaming"} {
		t.Run(technique, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			o.instead = ending("recycle-bytes", "")
			s := subscription(technique, o.url(technique))
			s.Resume = false
			events := receive(t, c, s, nil)
			last := events[len(events)-1]
			if last.Kind != measure.End || last.EndKind != measure.EndClean || count(events, measure.End) != 1 {
				t.Errorf("got %+v", events)
			}
			if n := len(o.queries(technique)); n != 1 {
				t.Errorf("the origin saw %d requests, want 1", n)
			}
		})
	}
}

// One pool holds six connections to a host; eight streams at once need more
// than one pool.
func TestContextsHaveTheirOwnConnections(t *testing.T) {
	c := sharedChromium(t)
	o := newOrigin(t)
	const streams = 8
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	var wg, received sync.WaitGroup
	received.Add(streams)
	for range streams {
		wg.Go(func() {
			err := c.Subscribe(ctx, subscription("eventsource", o.url("eventsource")), func(e measure.Event) {
				if id("e-5")(e) {
					received.Done()
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all := make(chan struct{})
	go func() {
		received.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-ctx.Done():
		t.Errorf("only %d streams were open at once", o.mostOpen())
		received.Add(-streams)
	}
	leave()
	wg.Wait()
	if most := o.mostOpen(); most != streams {
		t.Errorf("%d streams were open at once, want %d", most, streams)
	}
}

func TestSlotsAreWaitedFor(t *testing.T) {
	c := newChromium(t, Options{MostContexts: 1})
	o := newOrigin(t)
	s := subscription("eventsource", o.url("eventsource"))
	receive(t, c, s, func(e measure.Event) bool {
		if !id("e-1")(e) {
			return false
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		gaveUp := errors.New("gave up")
		cancel(gaveUp)
		if err := c.Subscribe(ctx, s, func(measure.Event) {}); !errors.Is(err, gaveUp) {
			t.Errorf("a second subscription returned %v, want %v", err, gaveUp)
		}
		return true
	})
}

func TestSupportsNamesReasons(t *testing.T) {
	c := sharedChromium(t)
	const u = "http://127.0.0.1:1/t/x"
	for _, s := range []measure.Subscription{
		{Technique: "htmlfile", Target: measure.Target{URL: u}},
		{Technique: "eventsource", Target: measure.Target{URL: "unix:/x"}},
		{Technique: "eventsource", Target: measure.Target{URL: u, HTTP: "1.0"}},
		{Technique: "eventsource", Target: measure.Target{URL: u, HTTP: "2"}},
		{Technique: "eventsource", Target: measure.Target{URL: u, SourceAddr: "127.0.0.2"}},
		{Technique: "eventsource", Target: measure.Target{URL: u, Method: "POST"}},
		{Technique: "eventsource", Target: measure.Target{URL: u, Proxy: "http://user:secret@127.0.0.1:1"}},
		{Technique: "websocket", Target: measure.Target{URL: u, Proxy: "http://127.0.0.1:1", SocketVia: "get"}},
		{Technique: "long-poll", Target: measure.Target{URL: u, Method: "PUT"}},
		{Technique: "long-poll", Target: measure.Target{URL: u}, Uplink: []string{"x"}},
		{Technique: "xhr-streaming", Target: measure.Target{URL: u, Header: http.Header{"Accept-Encoding": {""}}}},
	} {
		if c.Supports(s) == nil {
			t.Errorf("%s %+v is supported", s.Technique, s.Target)
		}
		if err := c.Subscribe(t.Context(), s, func(measure.Event) {}); err == nil {
			t.Errorf("%s %+v was subscribed to", s.Technique, s.Target)
		}
	}
	for _, technique := range pages.Techniques() {
		if err := c.Supports(subscription(technique, u)); err != nil {
			t.Errorf("%s: %v", technique, err)
		}
	}
}

func TestMissingBrowser(t *testing.T) {
	_, err := NewChromium(t.Context(), Options{Binary: "/nowhere/chromium"})
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Package != "chromium-headless-shell" {
		t.Errorf("got %v", err)
	}
}

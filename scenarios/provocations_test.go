package scenarios_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// provocation is a fault that brings a cause about, or an origin or a client
// that does.
type provocation struct {
	cause, spec string
	beside      string // in words, what is not as usual besides the path
	need        need
	// breaks says which techniques it does harm to, as far as one can know
	// without measuring; the others it leaves alone.
	breaks func(measure.Technique) bool
}

// need is what a path must be like for a fault to show.
type need struct {
	http string
	tls  bool
	mode proxies.Mode
	only string // the check that is asked alone; "" is all that a run asks of proxies that it is given

	by      string        // the techniques that it is asked of, one after the other; "" is all, at once
	client  string        // "" is go
	delay   time.Duration // of the origin's messages
	workers int           // of the origin; 0 is no limit
}

func (n need) checks() []scenarios.Check {
	if n.only != "" {
		return scenarios.Match(scenarios.All(), []string{n.only})
	}
	return scenarios.UpTo(scenarios.All(), scenarios.Thorough)
}

// elsewhere are the provocations that are tried by tests of their own, and why.
var elsewhere = map[string]string{
	"blackhole(drop)": "needs root and a network namespace; clients see what blackhole shows",
}

// noFault are the causes that nothing here can bring about, and why.
var noFault = map[string]string{
	"browser-throttle": "takes a real browser: it is how XMLHttpRequest reports progress, which no path and no model of an old browser does; `--check delivery/client-delay` names it",
}

// noPath are the techniques that no path here carries, and why.
var noPath = map[string]string{
	"webtransport": "runs over HTTP/3, which none of the simulated proxies speaks",
}

// nothing stands for the cause that what does no harm has.
const nothing = "(nothing)"

// harmless are paths that may not be blamed for anything, or for no cause of
// the table.
var harmless = []provocation{
	{cause: nothing, spec: "transparent"},
	{cause: nothing, spec: "fault:latency(50ms)"},
	{cause: nothing, spec: "fault:jitter(50ms)"},
	{cause: nothing, spec: "fault:rechunk(7)"},
	{cause: nothing, spec: "fault:keepalive-off"},
	{cause: nothing, spec: "fault:host"},
	{cause: "unknown", spec: "fault:latency(600ms)", breaks: every},
}

// ofEachKind are techniques to be asked one after the other where several at
// once would take each other's places.
const ofEachKind = "long-poll,xhr-streaming,eventsource,websocket"

const twoConnections = "model:two-connections"

// notThePaths are causes that are no path's doing.
var notThePaths = []provocation{
	{cause: "origin-slow", spec: "transparent", beside: "an origin that is 700 ms late", breaks: every,
		need: need{delay: 700 * time.Millisecond, only: "delivery/steady"}},
	{cause: "thread-starvation", spec: "transparent", beside: "an origin with 4 workers", breaks: but(every, "short-poll", "piggyback"),
		need: need{workers: 4, only: "delivery/fan-in-7", by: ofEachKind}},
	{cause: "browser-connection-limit", spec: "direct", beside: "`" + twoConnections + "`", breaks: but(every, "short-poll", "piggyback"),
		need: need{client: twoConnections, only: "delivery/fan-in-7", by: ofEachKind}},
	{cause: "browser-sniff", spec: "direct", beside: "`model:xdr`", breaks: but(streams, "sockjs-*"), // which begin with 2 KB
		need: need{client: "model:xdr", only: "delivery/steady"}},
}

// harmed says of each fault what it does harm to.
var harmed = map[string]func(measure.Technique) bool{
	"buffer(until=close)":                           streams,
	"buffer(bytes=4096)":                            streams,
	"buffer(every=600ms)":                           streams,
	"buffer(until=close,if=type:text/html)":         named("forever-iframe", "htmlfile", "sockjs-htmlfile"),
	"buffer(until=close,if=method:GET)":             but(streams, "sockjs-xhr-streaming"), // which asks by POST
	"buffer(until=close,if=header:Accept-Encoding)": streams,
	"gzip(block=32768)":                             but(streams, "sockjs-*"),             // which forbid it: no-transform
	"prelude(2048)":                                 but(streams, "sockjs-xhr-streaming"), // which begins with 2 KB
	"hold-last":                                     streams,
	"headers-held":                                  but(streams, "sockjs-*"), // which open with a frame
	"scan(for=20s)":                                 streams,
	"corrupt(mode=drop,every=3)":                    answers,
	"cache(ttl=60s,cache-control=ignore)":           but(answers, "piggyback", "bayeux-*", "sockjs-xhr*", "sockjs-eventsource", "sockjs-htmlfile"), // which ask by POST, or never twice for one URL
	"collapse":                                      but(answers, "piggyback", "short-poll", "bayeux-*", "sockjs-*"),                               // which ask by POST, at once, or each for a URL of its own
	"idle(after=60s)":                               lasting,                                                                                       // a poll is held for 25 s
	"idle(after=60s,end=silence)":                   lasting,
	"first-byte(after=15s)":                         held,
	"duration(after=30s)":                           lasting,
	"duration(after=30s,end=clean)":                 lasting,
	"cut(after=16s)":                                lasting,
	"cut(after=16s,end=clean)":                      lasting,
	"h2-reset(after=16s)":                           lasting,
	"broken-off(clean)":                             brokenOff("eventsource", "early-close", "content-length-stream"), // which come back after any end, or say their length
	"broken-off(silence)":                           brokenOff("websocket"),
	"broken-off(page)":                              brokenOff("websocket", "eventsource"), // which skips lines that it does not know
	"round-robin":                                   apart,
	"max-bytes(65536)":                              lasting,
	"reload(after=5s)":                              lasting,
	"mute":                                          every,
	"blackhole":                                     every,
	"abort-ignored":                                 but(answers, "short-poll", "piggyback"), // a tunnel ends with its client
	"repeat":                                        but(answers, "bayeux-*"),                // whose sessions are as good for it
	"request-buffer":                                but(answers, "bayeux-*"),                // whose requests are whole at once
	"post-refused":                                  but(answers, "bayeux-callback-polling"),
	"error-page(status=502)":                        every,
	"error-page(status=200)":                        every,
	"auth":                                          every,
	"header(strip=Last-Event-ID,request)":           but(every, "bayeux-*"), // which say the position in the body
	"header(strip=Cookie,request)&header(strip=Set-Cookie,response)": but(every, "bayeux-websocket"), // which is one request
	"connections(2)":                   but(every, "short-poll", "piggyback"),
	"connections(2,of=client)":         but(every, "short-poll", "piggyback"),
	"connections(2,of=pool)":           but(every, "short-poll", "piggyback"),
	"connections(2,over=wait)":         but(every, "short-poll", "piggyback"),
	"connections(2,of=pool,over=wait)": but(every, "short-poll", "piggyback"),
	"upgrade(mode=refuse)":             sockets,
	"upgrade(mode=strip)":              sockets,
	"upgrade(mode=mute)":               sockets,
	"upgrade(mode=kill)":               sockets,
	"upgrade(mode=one-way)":            sockets,
	"connect(deny)":                    sockets,
	"connect(inspect)":                 every,
}

func every(measure.Technique) bool     { return true }
func streams(t measure.Technique) bool { return t.Class == measure.ClassStream }
func sockets(t measure.Technique) bool { return t.Class == measure.ClassSocket }
func held(t measure.Technique) bool    { return t.Class == measure.ClassHeld }
func answers(t measure.Technique) bool { return !sockets(t) }

// brokenOff are those whose answers the origin here can break off: sessions have
// an end of their own.
func brokenOff(butNot ...string) func(measure.Technique) bool {
	return but(func(t measure.Technique) bool { return !t.Polls() && t.Session == "" }, butNot...)
}

// apart are those whose one subscription is a session of several requests.
func apart(t measure.Technique) bool { return t.Session != "" && !sockets(t) }

// lasting are those whose exchanges go on until somebody ends them.
func lasting(t measure.Technique) bool { return !t.Polls() && !t.EndsItself }

func named(names ...string) func(measure.Technique) bool {
	return func(t measure.Technique) bool { return slices.Contains(names, t.Name) }
}

func but(some func(measure.Technique) bool, names ...string) func(measure.Technique) bool {
	return func(t measure.Technique) bool { return some(t) && !measure.Glob(names, t.Name) }
}

// provocations are those of the faults, of what does no harm, and of origins
// and clients, those that need the same next to each other.
func provocations(t *testing.T) []provocation {
	t.Helper()
	var out []provocation
	for _, f := range proxies.Faults() {
		for _, p := range f.Provokes {
			if elsewhere[p.Spec] != "" {
				continue
			}
			n := need{http: "1.1", mode: proxies.Reverse}
			if len(f.Modes) > 0 {
				n.mode = f.Modes[0]
			}
			switch p.Cause {
			case "h2-reset":
				n.http, n.tls = "2", true
			case "tls-intercepted":
				n.tls = true
			case "buffered":
				n.only = "delivery/steady" // more messages would show more
			}
			one := provocation{cause: p.Cause, spec: "fault:" + p.Spec, need: n, breaks: harmed[p.Spec]}
			if one.breaks == nil {
				t.Fatalf("nothing says what %s does harm to", p.Spec)
			}
			out = append(out, one)
		}
	}
	for _, p := range slices.Concat(harmless, notThePaths) {
		p.need.http, p.need.mode = "1.1", proxies.Reverse
		if p.breaks == nil {
			p.breaks = func(measure.Technique) bool { return false }
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b provocation) int { return strings.Compare(a.need.key(), b.need.key()) })
	return out
}

// key names what is needed, as a part of a file's name.
func (n need) key() string {
	key := n.http + "-" + string(n.mode)
	if n.tls {
		key += "-tls"
	}
	if n.only != "" {
		key += "-" + strings.ReplaceAll(n.only, "/", "-")
	}
	switch {
	case n.client != "":
		key += "-" + strings.ReplaceAll(n.client, ":", "-")
	case n.delay > 0:
		key += "-late"
	case n.workers > 0:
		key += "-starved"
	}
	return key
}

// where is the fault, and what else is not as usual, for the table.
func (p provocation) where() string {
	if p.beside != "" {
		return "`" + p.spec + "`, " + p.beside
	}
	return "`" + p.spec + "`"
}

// Every cause of the closed table is provoked here, or it is said why not; so
// is every technique.
func TestProvocationsAreWhole(t *testing.T) {
	provoked := map[string]bool{}
	for _, p := range provocations(t) {
		provoked[p.cause] = true
	}
	for _, c := range measure.Causes() {
		if provoked[c.ID] == (noFault[c.ID] != "") {
			t.Errorf("%s: provoked %v, and why not: %q", c.ID, provoked[c.ID], noFault[c.ID])
		}
	}
	for _, x := range measure.Techniques() {
		if x.Speaks("1.1") == (noPath[x.Name] != "") {
			t.Errorf("%s: over HTTP/%v, and why not: %q", x.Name, x.HTTP, noPath[x.Name])
		}
	}
}

package scenarios_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// provocation is a fault that brings a cause about.
type provocation struct {
	cause, spec string
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
	"round-robin":     "needs two origins and sessions that know each other",
}

// harmed says of each fault what it does harm to.
var harmed = map[string]func(measure.Technique) bool{
	"buffer(until=close)":                           streams,
	"buffer(bytes=4096)":                            streams,
	"buffer(every=600ms)":                           streams,
	"buffer(until=close,if=type:text/html)":         named("forever-iframe", "htmlfile"),
	"buffer(until=close,if=method:GET)":             streams,
	"buffer(until=close,if=header:Accept-Encoding)": streams,
	"gzip(block=32768)":                             streams,
	"prelude(2048)":                                 streams,
	"hold-last":                                     streams,
	"headers-held":                                  streams,
	"scan(for=20s)":                                 streams,
	"corrupt(mode=drop,every=3)":                    answers,
	"cache(ttl=60s,cache-control=ignore)":           but(answers, "piggyback"), // which asks by POST
	"collapse":                                      but(answers, "piggyback", "short-poll"),
	"idle(after=60s)":                               lasting, // a poll is held for 25 s
	"idle(after=60s,end=silence)":                   lasting,
	"first-byte(after=15s)":                         held,
	"duration(after=30s)":                           lasting,
	"duration(after=30s,end=clean)":                 lasting,
	"cut(after=16s)":                                lasting,
	"cut(after=16s,end=clean)":                      lasting,
	"h2-reset(after=16s)":                           lasting,
	"max-bytes(65536)":                              lasting,
	"reload(after=5s)":                              lasting,
	"mute":                                          every,
	"blackhole":                                     every,
	"abort-ignored":                                 but(answers, "short-poll", "piggyback"), // a tunnel ends with its client
	"repeat":                                        answers,
	"request-buffer":                                answers,
	"post-refused":                                  answers,
	"error-page(status=502)":                        every,
	"error-page(status=200)":                        every,
	"auth":                                          every,
	"header(strip=Last-Event-ID,request)":           every,
	"header(strip=Cookie,request)&header(strip=Set-Cookie,response)": every,
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

// lasting are those whose exchanges go on until somebody ends them.
func lasting(t measure.Technique) bool { return !t.Polls() && !t.EndsItself }

func named(names ...string) func(measure.Technique) bool {
	return func(t measure.Technique) bool { return slices.Contains(names, t.Name) }
}

func but(some func(measure.Technique) bool, names ...string) func(measure.Technique) bool {
	return func(t measure.Technique) bool { return some(t) && !slices.Contains(names, t.Name) }
}

// provocations are those of the faults that one origin can show, those that
// need the same next to each other.
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
	return key
}

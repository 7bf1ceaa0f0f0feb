package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// played is an exchange with events at milliseconds behind its start.
type played struct {
	*Evidence
	start time.Time
}

func play() played {
	start := time.Now()
	return played{&Evidence{Started: start, Attached: true, Stats: proxies.Stats{Accepted: -1, Upstream: -1}}, start}
}

func (p played) at(ms int) time.Time { return p.start.Add(time.Duration(ms) * time.Millisecond) }

func (p played) client(ms int, e measure.Event) played {
	e.T = p.at(ms).UnixMicro()
	p.Client = append(p.Client, e)
	return p
}

func (p played) origin(ms int, e measure.Event) played {
	e.T = p.at(ms).UnixMicro()
	p.Origin = append(p.Origin, e)
	return p
}

// message is sent at one time and arrives at another; a negative one is never.
func (p played) message(id string, sent, came int) played {
	p.Sent = append(p.Sent, Sent{ID: id, Due: p.at(sent), Bytes: 50})
	p.origin(sent, measure.Event{Kind: measure.Write, ID: id, Bytes: 90, Sub: 1})
	if came >= 0 {
		p.client(came, measure.Event{Kind: measure.Received, ID: id, Bytes: 50})
	}
	return p
}

var (
	accept  = measure.Event{Kind: measure.Headers, Status: 200, Sub: 1}
	head    = measure.Event{Kind: measure.Headers, Status: 200, Conn: 1}
	greeted = measure.Event{Kind: measure.Prelude, Conn: 1}
	broke   = measure.Event{Kind: measure.End, Note: brokenNote, Sub: 1}
)

func ended(kind measure.EndKind) measure.Event {
	return measure.Event{Kind: measure.End, EndKind: kind}
}

// streaming is a case of a technique with ordinary limits.
func streaming(technique string) Case {
	t, _ := measure.TechniqueByName(technique)
	return Case{Technique: t, Client: "go", Limits: measure.NewThresholds(2*time.Millisecond, 0), Control: map[string]*Evidence{"steady": play().Evidence}}
}

// opened is an exchange that came about.
func opened() played {
	return play().origin(0, accept).client(1, head).client(1, greeted)
}

// cameBack is a client that asks again by itself.
var cameBack = measure.Event{Kind: measure.Reconnect}

func TestResumeIsJudged(t *testing.T) {
	for name, tt := range map[string]struct {
		played  played
		verdict measure.Verdict
		cause   string
		word    string
	}{
		"never cut": {opened().message("a", 10, 11), measure.Untested, "", "never cut"},
		"back at once": {opened().message("a", 10, 11).origin(100, broke).client(101, ended(measure.EndFIN)).origin(160, accept).message("b", 200, 201),
			measure.Works, "", "at most 60 ms away"},
		"not told": {opened().message("a", 10, 11).origin(100, broke).message("b", 200, -1),
			measure.Broken, "half-open", "kept the client's side open"},
		"told late": {opened().message("a", 10, 11).origin(100, broke).client(900, ended(measure.EndFIN)).origin(960, accept).message("b", 1000, 1001),
			measure.Degraded, "half-open", "only after 800 ms"},
		"no position yet": {play().origin(0, accept).client(1, head).message("a", 10, -1).origin(100, broke).client(101, ended(measure.EndFIN)).origin(160, accept).client(161, greeted).message("b", 200, 201),
			measure.Broken, "buffered", "knew no position"},
		"refused": {opened().message("a", 10, 11).origin(100, broke).client(101, ended(measure.EndFIN)).client(150, measure.Event{Kind: measure.Headers, Status: 503}).message("b", 200, -1),
			measure.Broken, "connection-limit", "status 503"},
		"lost on the way": {opened().message("a", 10, 11).origin(100, broke).client(101, ended(measure.EndFIN)).origin(160, accept).client(161, head).client(161, greeted).message("b", 200, -1).message("c", 300, 301),
			measure.Broken, "corrupted", "1 lost"},
		"told too late": {opened().message("a", 10, 11).origin(100, broke).client(5100, ended(measure.EndFIN)).client(5150, cameBack).origin(5160, accept).client(5161, head).message("b", 200, -1),
			measure.Broken, "half-open", "only after 5.0 s"},
		"asked again by the path": {opened().message("a", 10, 11).origin(100, broke).origin(160, accept).message("b", 200, -1).message("c", 300, 301).origin(400, broke).client(401, ended(measure.EndFIN)).client(450, cameBack).origin(460, accept).client(461, head),
			measure.Broken, "request-repeated", "by itself, once"},
		"a path that is slow anyway": {opened().message("a", 10, 411).origin(100, broke).client(500, ended(measure.EndFIN)).origin(960, accept).message("b", 1000, 1401),
			measure.Works, "", "once and in order"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judgeResume(streaming("xhr-streaming"), tt.played.Evidence)
			if f.Verdict != tt.verdict || f.Cause != tt.cause || !strings.Contains(f.Got, tt.word) {
				t.Errorf("%s because %q: %s; want %s because %q, with %q", f.Verdict, f.Cause, f.Got, tt.verdict, tt.cause, tt.word)
			}
		})
	}
}

func TestTruncatedIsJudged(t *testing.T) {
	cut := func(kind measure.EndKind) played {
		return opened().origin(100, broke).client(101, ended(kind)).origin(160, accept)
	}
	closing := func() played {
		closes := head
		closes.Closes = true
		return play().origin(0, accept).client(1, closes).client(1, greeted).origin(100, broke).client(101, ended(measure.EndFIN)).origin(160, accept)
	}
	for name, tt := range map[string]struct {
		technique string
		played    played
		control   *played
		verdict   measure.Verdict
		cause     string
	}{
		"shows":                         {"xhr-streaming", cut(measure.EndFIN), nil, measure.Works, ""},
		"looks clean":                   {"xhr-streaming", cut(measure.EndClean), nil, measure.Degraded, "truncated"},
		"an EventSource does not mind":  {"eventsource", cut(measure.EndClean), nil, measure.Works, ""},
		"only the close ends it":        {"xhr-streaming", closing(), nil, measure.Degraded, "truncated"},
		"neither does it anywhere else": {"xhr-streaming", closing(), new(closing()), measure.Works, ""},
		"not told":                      {"xhr-streaming", opened().origin(100, broke), nil, measure.Broken, "half-open"},
		"goes on with another answer":   {"xhr-streaming", opened().origin(100, broke).origin(160, accept), nil, measure.Broken, "request-repeated"},
		"an error page in its middle":   {"xhr-streaming", opened().origin(100, broke).client(101, measure.Event{Kind: measure.Failed, Bytes: 20, Note: "no message: <html>"}), nil, measure.Broken, "corrupted"},
		"an end notice is another's":    {"xhr-streaming", opened().origin(100, broke).client(101, measure.Event{Kind: measure.End, EndKind: measure.EndClean, Note: "limit"}), nil, measure.Broken, "half-open"},
	} {
		t.Run(name, func(t *testing.T) {
			c := streaming(tt.technique)
			if tt.control != nil {
				c.Control[brokenName] = tt.control.Evidence
			}
			if f := judgeTruncated(c, tt.played.Evidence); f.Verdict != tt.verdict || f.Cause != tt.cause {
				t.Errorf("%s because %q: %s; want %s because %q", f.Verdict, f.Cause, f.Got, tt.verdict, tt.cause)
			}
		})
	}
}

func TestReloadIsJudged(t *testing.T) {
	reloaded := func(p played) played {
		p.Disturbed, p.Restored, p.Released = p.at(100), p.at(150), p.at(2000)
		return p
	}
	for name, tt := range map[string]struct {
		played  played
		verdict measure.Verdict
		cause   string
	}{
		"survived":           {reloaded(opened().message("a", 10, 11).message("b", 500, 501)), measure.Works, ""},
		"cut and back":       {reloaded(opened().message("a", 10, 11).client(160, ended(measure.EndFIN)).origin(260, accept).client(261, head).client(261, greeted).message("b", 500, 501)), measure.Degraded, "reload"},
		"a proper end":       {reloaded(opened().message("a", 10, 11).client(160, ended(measure.EndClean)).client(261, head).message("b", 500, 501)), measure.Degraded, "reload"},
		"cut and lost":       {reloaded(opened().message("a", 10, 11).client(160, ended(measure.EndRST)).message("b", 500, -1)), measure.Broken, "reload"},
		"cut before":         {reloaded(opened().message("a", 10, 11).client(50, ended(measure.EndRST)).client(60, head).message("b", 500, 501)), measure.Works, ""},
		"an answered poll":   {reloaded(opened().origin(159, measure.Event{Kind: measure.End, Note: "answered", Sub: 1}).client(160, ended(measure.EndClean)).message("b", 500, 501)), measure.Works, ""},
		"the origin's doing": {reloaded(opened().message("a", 10, 11).message("b", 500, 501).client(2001, ended(measure.EndFIN))), measure.Works, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if f := judgeReload(streaming("xhr-streaming"), tt.played.Evidence); f.Verdict != tt.verdict || f.Cause != tt.cause {
				t.Errorf("%s because %q: %s; want %s because %q", f.Verdict, f.Cause, f.Got, tt.verdict, tt.cause)
			}
		})
	}
}

// A reset of the stream alone is HTTP/2's own doing only where HTTP/1.1 lives.
func TestDurationCause(t *testing.T) {
	reset := measure.Event{Kind: measure.End, EndKind: measure.EndRST, StreamReset: true}
	over11 := func(p played) *Evidence {
		p.Part = http1
		return &Evidence{Parts: []*Evidence{p.Evidence}}
	}
	for name, tt := range map[string]struct {
		whole *Evidence
		cut   measure.Event
		want  string
	}{
		"HTTP/1.1 lives":     {over11(opened()), reset, "h2-reset"},
		"HTTP/1.1 dies, too": {over11(opened().client(100, ended(measure.EndFIN))), reset, "max-duration"},
		"nobody asked":       {&Evidence{}, reset, "h2-reset"},
		"a connection's":     {&Evidence{}, ended(measure.EndRST), "max-duration"},
		"a proper end":       {&Evidence{}, ended(measure.EndClean), "truncated"},
	} {
		if got := durationCause(tt.whole, tt.cut); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestVanishIsJudged(t *testing.T) {
	part := func(name string, p played) *Evidence {
		p.Part, p.Left, p.Waited = name, p.at(100), 4*time.Second
		return p.Evidence
	}
	noticed := measure.Event{Kind: measure.AbortNoticed, Sub: 1}
	e := &Evidence{Attached: true, Parts: []*Evidence{
		part(vanishSilent, opened()),
		part(vanishTalking, opened().message("a", 50, 51).message("b", 200, -1).message("c", 300, -1)),
		part(vanishAsking, opened().origin(3100, noticed)),
		part(vanishUserTimeoff, opened().message("b", 200, -1).origin(5000, noticed)), // when we had closed it ourselves
	}}
	f := judgeVanish(streaming("eventsource"), e)
	want := map[string]float64{"known_silent_ms": -1, "known_keepalive_ms": 3000, "known_user_timeout_ms": -1, "void_heartbeat_bytes": 180, "void_heartbeat_writes": 2}
	for key, v := range want {
		if f.Values[key] != v {
			t.Errorf("%s = %g, want %g", key, f.Values[key], v)
		}
	}
	if f.Verdict != measure.Works {
		t.Errorf("%s: %s", f.Verdict, f.Got)
	}
	e.Parts = slices.Delete(e.Parts, 2, 3)
	if f := judgeVanish(streaming("eventsource"), e); f.Verdict != measure.Degraded || f.Cause != "client-abort-not-propagated" {
		t.Errorf("without keepalive: %s because %q: %s", f.Verdict, f.Cause, f.Got)
	}
}

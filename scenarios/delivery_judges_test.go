package scenarios

import (
	"fmt"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// upward plays a request body of three pieces, sent 300 ms apart, whose pieces
// arrive at these times; duplex is when the answer's first byte came.
func upward(part string, duplex int, arrived ...int) *Evidence {
	s := newScript(part).origin(0, accepted1)
	for i := range upPieces {
		s = s.client(300*i, measure.Event{Kind: measure.Write, Bytes: 10})
	}
	for _, at := range arrived {
		s = s.origin(at, measure.Event{Kind: measure.Received, Bytes: 10})
	}
	if duplex > 0 {
		s = s.client(duplex, head200)
		s.Answer.FirstUS = s.at(duplex)
	}
	return s.Evidence
}

func TestBothWays(t *testing.T) {
	for name, tt := range map[string]struct {
		up, duplex *Evidence
		verdict    measure.Verdict
		cause      string
		early      float64
	}{
		"as sent":                           {upward(partUp, 0, 1, 301, 602), upward(partDuplex, 5, 1, 301, 602), measure.Works, "", 1},
		"answered at the end":               {upward(partUp, 0, 1, 301, 602), upward(partDuplex, 901, 1, 301, 602), measure.Works, "", 0},
		"held until whole":                  {upward(partUp, 0, 900, 901, 901), upward(partDuplex, 901, 900, 901, 901), measure.Degraded, "request-buffered", 0},
		"late, one by one":                  {upward(partUp, 0, 600, 900, 1200), upward(partDuplex, 901, 600, 900, 1200), measure.Degraded, "unknown", 0},
		"joined on the way, and never late": {upward(partUp, 0, 100, 301, 602), upward(partDuplex, 101, 1, 301, 602), measure.Works, "", 1},
		"the body never came":               {upward(partUp, 0), upward(partDuplex, 0), measure.Degraded, "request-buffered", 0},
		"nor did the request":               {newScript(partUp).Evidence, newScript(partDuplex).Evidence, measure.Untested, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			down := evidence(6, steadySpacing, 110, prompt)
			down.Part = partDown
			c := streamCase
			c.Evidence = map[string]*Evidence{bothWaysName: inParts(down, tt.up, tt.duplex)}
			f := judgeBothWays(c)
			found(t, f, tt.verdict, tt.cause)
			if f.Values["duplex"] != tt.early {
				t.Errorf("duplex %g, want %g", f.Values["duplex"], tt.early)
			}
		})
	}
}

func TestFramesUp(t *testing.T) {
	up := func(sum string) measure.Event { return measure.Event{Kind: measure.Write, Bytes: 5, Sum: sum} }
	came := func(sum string) measure.Event { return measure.Event{Kind: measure.Received, Bytes: 5, Sum: sum} }
	begun := func() script {
		return newScript(partDown).origin(0, accepted1).client(1, head101).client(2, helloSeen).client(3, up("aa")).client(3, up("bb")).released(2000).
			client(2005, measure.Event{Kind: measure.End, Note: "terminated", EndKind: measure.EndClean})
	}
	for name, tt := range map[string]struct {
		e       script
		verdict measure.Verdict
		cause   string
	}{
		"all":     {begun().origin(4, came("aa")).origin(5, came("bb")), measure.Works, ""},
		"late":    {begun().origin(4, came("aa")).origin(900, came("bb")), measure.Degraded, "unknown"},
		"one":     {begun().origin(4, came("aa")), measure.Broken, "corrupted"},
		"altered": {begun().origin(4, came("aa")).origin(5, came("cc")), measure.Broken, "corrupted"},
		"none":    {begun(), measure.Broken, "upgrade-one-way"},
	} {
		t.Run(name, func(t *testing.T) {
			c := socketCase
			c.Evidence = map[string]*Evidence{bothWaysName: tt.e.Evidence}
			found(t, judgeBothWays(c), tt.verdict, tt.cause)
		})
	}
}

func TestCaching(t *testing.T) {
	message := func(n int) measure.Event { return measure.Event{Kind: measure.Received, ID: fmt.Sprintf("e-%d", n)} }
	reader := func(part string, sent int, origin []measure.Event, client ...measure.Event) *Evidence {
		s := newScript(part)
		s.Asked = 0
		for _, o := range origin {
			s = s.origin(0, o)
		}
		for i, ev := range client {
			s = s.client(i+1, ev)
		}
		for n := range sent {
			s.Sent = append(s.Sent, Sent{ID: fmt.Sprintf("e-%d", n+2), Due: s.start})
		}
		return s.Evidence
	}
	one, two := []measure.Event{accepted1}, []measure.Event{accepted1, accepted2}
	before := func() *Evidence { return reader(partBefore, 0, two, head200, helloSeen, message(1)) }
	after := reader(partAfter, 1, two, head200, helloSeen, message(2))
	first := reader(partFirst, 0, two, head200, helloSeen, message(1), message(2))
	second := reader(partSecond, 1, two, head200, helloSeen, message(2))
	for name, tt := range map[string]struct {
		e       *Evidence
		verdict measure.Verdict
		cause   string
	}{
		"each their own":          {inParts(before(), after, first, second), measure.Works, ""},
		"polls, each their own":   {inParts(before(), after), measure.Works, ""},
		"a recording":             {inParts(reader(partBefore, 0, one, head200, helloSeen, message(1)), reader(partAfter, 1, one, head200, helloSeen, message(1)), first, second), measure.Broken, "cached"},
		"a stream for two":        {inParts(before(), after, reader(partFirst, 0, one, head200, helloSeen), reader(partSecond, 1, one, head200, helloSeen, message(1), message(2))), measure.Degraded, "shared-stream"},
		"a stream for one of two": {inParts(before(), after, reader(partFirst, 0, one, head200, helloSeen), reader(partSecond, 1, one, head200, helloSeen)), measure.Broken, "shared-stream"},
		"the second one waits":    {inParts(before(), after, reader(partFirst, 0, one, head200, helloSeen), reader(partSecond, 1, one)), measure.Degraded, "shared-stream"},
		"it did not open":         {inParts(reader(partBefore, 0, nil, measure.Event{Kind: measure.Headers, Status: 502}), after), measure.Untested, ""},
	} {
		t.Run(name, func(t *testing.T) { found(t, judgeCaching(streamCase, tt.e), tt.verdict, tt.cause) })
	}
}

func TestCompressionOnTheWay(t *testing.T) {
	judge := func(encoding string, p pathModel) Finding {
		c := streamCase
		c.Evidence = map[string]*Evidence{
			steadyName: evidence(steadyCount, steadySpacing, 110, p),
			"large":    evidence(5, steadySpacing, 9000, p),
			burstName:  evidence(80, burstSpacing, 4200, p),
		}
		for _, e := range c.Evidence {
			e.Client[0].Encoding = encoding
		}
		return judgeCompression(c)
	}
	found(t, judge("", prompt), measure.Works, "")
	found(t, judge("", untilClose), measure.Works, "") // held, but not by a compressor
	f := judge("gzip", prompt)
	found(t, f, measure.Works, "")
	if f.Values["compressed"] != 1 || f.Values["flushed"] != 1 {
		t.Errorf("%v", f.Values)
	}
	f = judge("gzip", untilBytes(32768))
	found(t, f, measure.Broken, "compression")
	if block := f.Values["block_bytes"]; f.Values["flushed"] != 0 || block < 30_000 || block > 40_000 {
		t.Errorf("%v", f.Values)
	}
}

func TestRelease(t *testing.T) {
	for name, tt := range map[string]struct {
		path    pathModel
		verdict measure.Verdict
		cause   string
	}{
		"scanned for twenty seconds": {scanned(20*time.Second - lastingSpacing/2), measure.Broken, "scan"}, // sent between the seconds
		"a gate that bytes open":     {gate(2048), measure.Broken, "prelude-dependent"},
		"held to the end":            {untilClose, measure.Broken, "buffered"},
		"never held":                 {prompt, measure.Works, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := judgeRelease(streamCase, evidence(24, lastingSpacing, 110, tt.path))
			found(t, f, tt.verdict, tt.cause)
			if after := f.Values["released_after_ms"]; tt.cause == "scan" && (after < 19_000 || after > 21_000) {
				t.Errorf("released after %g ms", after)
			}
		})
	}
}

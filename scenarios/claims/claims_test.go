package claims

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// wanted are the claims that have to be answered; a sentence that claims two
// things has two tests.
var wanted = []string{
	"iframe-always-works", "iframe-better-than-xhr", "twelve-iframes", "multipart-bandwidth", "multipart-buffered", "long-poll-buffered", "long-poll-friendlier",
	"streaming-beats-long-polling", "polling-cost", "thread-starvation", "iframe-memory", "throbber-stays-on", "two-connections", "websocket-needs-tcp-balancing",
	"websocket-fails-plain", "no-websocket-over-http2", "http2-polling-cheap", "http2-many-tabs", "bayeux-performance",
}

func TestTableIsComplete(t *testing.T) {
	var names, sentences []string
	for _, c := range All() {
		if slices.Contains(names, c.Name) || slices.Contains(sentences, c.Sentence) {
			t.Errorf("%s is there twice", c.Name)
		}
		names, sentences = append(names, c.Name), append(sentences, c.Sentence)
		if c.Sentence == "" || c.Source == "" || c.Measured == "" || c.Test == nil {
			t.Errorf("%s is not whole: %+v", c.Name, c)
		}
		if !strings.HasSuffix(c.Command(), "--claim "+c.Name) || strings.ContainsAny(c.Name, "*?[, ") {
			t.Errorf("%s is not repeated alone by %q", c.Name, c.Command())
		}
		for _, name := range c.Techniques {
			if _, ok := measure.TechniqueByName(name); !ok {
				t.Errorf("%s asks the programs about %s, which is no technique", c.Name, name)
			}
		}
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			t.Errorf("nothing tests %s", name)
		}
	}
	if got := Match([]string{"long-poll-*"}); len(got) != 2 {
		t.Errorf("long-poll-* matches %d claims", len(got))
	}
}

// metered is an origin in this process, which uses what this process uses.
type metered struct{ scenarios.Origin }

func (metered) Usage() (child.Usage, error) { return child.Measure(os.Getpid()) }

func lab(t *testing.T) *Lab {
	t.Helper()
	l := &Lab{
		Dir: t.TempDir(),
		Start: func(context.Context, ...string) (scenarios.Origin, error) {
			o, err := scenarios.InProcess(nil)
			return metered{o}, err
		},
		Chromium: func(context.Context) (measure.Browser, error) { return nil, errors.New("no browser here") },
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// A claim is measured when it is tested: the numbers come with a run directory.
// What is missing, or goes wrong, is no answer.
func TestClaimsAreMeasured(t *testing.T) {
	l := lab(t)
	broken := Claim{Name: "broken", Test: func(context.Context, *Lab) (Answer, error) {
		return Answer{Answer: measure.ClaimHolds}, errors.New("no luck")
	}}
	var got []measure.ClaimRecord
	err := Test(t.Context(), l, []Claim{MultipartBandwidth(), TwelveIframes(), broken}, func(r measure.ClaimRecord) error {
		got = append(got, r)
		return nil
	})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	bytes := got[0]
	if bytes.Type != measure.TypeClaim || bytes.Answer == measure.ClaimUntested || len(bytes.Rows) < 10 || bytes.Values["multipart_message_bytes"] < 57 {
		t.Errorf("the bytes of a message: %+v", bytes)
	}
	if len(bytes.Evidence) != 1 {
		t.Fatalf("evidence %v", bytes.Evidence)
	}
	run, err := measure.Read(filepath.Join(l.Dir, bytes.Evidence[0]))
	if err != nil || !run.Complete() || len(run.Checks) < 10 {
		t.Errorf("the run behind it: %+v, %v", run, err)
	}
	if r := got[1]; r.Answer != measure.ClaimUntested || !strings.Contains(r.Got, "no browser here") {
		t.Errorf("without a browser: %s, %s", r.Answer, r.Got)
	}
	if !got[2].Failed || got[1].Failed {
		t.Error("what is missing is no failure, and what broke is one")
	}
	if r := got[2]; r.Answer != measure.ClaimUntested || !strings.Contains(r.Got, "no luck") {
		t.Errorf("a failed measurement: %s, %s", r.Answer, r.Got)
	}
}

// Every technique that a crowd is made of delivers all messages, and what it
// asks for is counted.
func TestCrowdsAreServed(t *testing.T) {
	origin, err := lab(t).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	for _, name := range []string{"short-poll", "long-poll", "eventsource", "bayeux-long-polling", "bayeux-websocket"} {
		s, err := crowd{technique: name, subscribers: 5, rate: 20, lasts: 300 * time.Millisecond, interval: 50 * time.Millisecond}.serve(t.Context(), origin)
		if errors.Is(err, child.ErrNoUsage) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.sent != 6 || s.expected != 30 || s.received != 30 {
			t.Errorf("%s: %d sent, %d of %d received", name, s.sent, s.received, s.expected)
		}
		if s.cpu <= 0 || s.took <= 0 || s.in <= 0 || s.dials < 5 {
			t.Errorf("%s: %v of processor in %v, %d bytes in, %d connections", name, s.cpu, s.took, s.in, s.dials)
		}
		polls := name != "eventsource" && name != "bayeux-websocket"
		if polls != (s.requests > 0) {
			t.Errorf("%s: %d requests", name, s.requests)
		}
		if slices.Min(s.delays) < 0 {
			t.Errorf("%s: a message came before it was due", name)
		}
	}
}

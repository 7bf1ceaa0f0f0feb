package visits

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestMain(m *testing.M) {
	code := m.Run()
	stopChromium()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
	}
	os.Exit(code)
}

// verdicts turns lists of techniques into what a page should show.
func verdicts(by map[measure.Verdict]string) map[string]string {
	out := map[string]string{}
	for v, names := range by {
		for _, name := range strings.Fields(names) {
			out[name] = string(v)
		}
	}
	return out
}

const (
	polls   = "short-poll piggyback long-poll callback-poll "
	streams = "xhr-streaming fetch-streaming forever-iframe multipart eventsource content-length-stream "
	// Chromium shows a text document that grows in steps, and neither has the
	// htmlfile object nor, without TLS, WebTransport.
	never = "htmlfile webtransport "
)

func TestDirect(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	page := tab(t, "")
	got := visitBy(t, page, s.url)
	shoot(t, page, "direct")
	want := verdicts(map[measure.Verdict]string{
		measure.Works: polls + streams + "early-close websocket", measure.Broken: "forever-iframe-text", measure.Unsupported: never,
	})
	if !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\nwant %v\n%v", got.Verdicts, want, got.Got)
	}
	if !strings.Contains(got.Got["forever-iframe-text"], "it is the browser that waits") {
		t.Errorf("forever-iframe-text: %s", got.Got["forever-iframe-text"])
	}
	if want := "Use websocket. If it fails, fall back to eventsource, then to fetch-streaming, then to long-poll, then to short-poll."; got.Use != want {
		t.Errorf("it recommends %q", got.Use)
	}

	run := s.only(t)
	if len(run.Warnings) > 0 || !run.Complete() || len(run.Cells) != len(techniques()) || run.Record.Planned != len(run.Cells) {
		t.Errorf("%d cells of %d planned, complete %v, %v", len(run.Cells), run.Record.Planned, run.Complete(), run.Warnings)
	}
	if who := run.Record.Visitor; who == nil || !strings.Contains(who.UserAgent, "Chrome/") || who.HTTP != "1.1" || who.TLS {
		t.Errorf("visitor %+v", who)
	}
	for _, c := range run.Cells {
		if got.Verdicts[c.Technique] != string(c.Verdict) {
			t.Errorf("%s: %s on the page, %s on record", c.Technique, got.Verdicts[c.Technique], c.Verdict)
		}
		if !strings.HasPrefix(c.Client, "visitor:chrome-") || c.Proxy != "visit:"+run.Record.ID {
			t.Errorf("labels %+v", c.Labels)
		}
		events, err := measure.ReadTimeline(run.Dir, c.Cell)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []string{measure.SideClient, measure.SideOrigin} {
			if c.Verdict == measure.Works && !slices.ContainsFunc(events, func(e measure.Event) bool { return e.Side == side }) {
				t.Errorf("%s: no event of the %s's", c.Technique, side)
			}
		}
	}
}

func TestThroughABuffer(t *testing.T) {
	t.Parallel()
	streams := []string{"xhr-streaming", "fetch-streaming", "forever-iframe", "multipart", "eventsource"}
	s := newSite(t, Config{Techniques: append(streams, "short-poll", "long-poll", "callback-poll", "websocket")})
	page := tab(t, "")
	got := visitBy(t, page, s.through(t, "fault:buffer(until=close)"))
	shoot(t, page, "buffered")
	want := verdicts(map[measure.Verdict]string{
		measure.Works: "short-poll long-poll callback-poll websocket", measure.Broken: strings.Join(streams, " "),
	})
	if !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\nwant %v\n%v", got.Verdicts, want, got.Got)
	}
	if want := "Use websocket. If it fails, fall back to long-poll, then to short-poll."; got.Use != want {
		t.Errorf("it recommends %q", got.Use)
	}
	for _, c := range s.only(t).Cells {
		if c.Verdict == measure.Broken && c.Cause != "buffered" {
			t.Errorf("%s: cause %s", c.Technique, c.Cause)
		}
	}
}

func TestThroughARefusalOfUpgrades(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{Techniques: []string{"websocket", "eventsource", "long-poll"}})
	got := visitBy(t, tab(t, ""), s.through(t, "fault:upgrade(mode=refuse)"))
	if want := verdicts(map[measure.Verdict]string{measure.Works: "eventsource long-poll", measure.Broken: "websocket"}); !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\n%v", got.Verdicts, got.Got)
	}
	if want := "Use eventsource. If it fails, fall back to long-poll."; got.Use != want {
		t.Errorf("it recommends %q", got.Use)
	}
	if !strings.Contains(got.Troubles, "websocket") {
		t.Errorf("in the way: %s", got.Troubles)
	}
	for _, c := range s.only(t).Cells {
		if c.Technique == "websocket" && c.Cause != "upgrade-refused" {
			t.Errorf("websocket: cause %s", c.Cause)
		}
	}
}

// modern is what browsers of 2010 did not have.
const modern = `for (const name of ['WebSocket', 'EventSource', 'fetch', 'Promise', 'WebTransport', 'ReadableStream', 'TextDecoder',
	'AbortController', 'URL', 'URLSearchParams', 'Map', 'Set', 'Symbol', 'performance', 'MutationObserver']) delete window[name];`

func TestOldBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{Techniques: []string{
		"websocket", "eventsource", "fetch-streaming", "xhr-streaming", "multipart", "early-close", "long-poll", "short-poll",
	}})
	page := tab(t, modern)
	got := visitBy(t, page, s.url)
	want := verdicts(map[measure.Verdict]string{
		measure.Works: "xhr-streaming multipart early-close long-poll short-poll", measure.Unsupported: "websocket eventsource fetch-streaming",
	})
	if !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\nwant %v\n%v", got.Verdicts, want, got.Got)
	}
	if want := "Use xhr-streaming. If it fails, fall back to long-poll, then to short-poll."; got.Use != want {
		t.Errorf("it recommends %q", got.Use)
	}
	if got.Got["websocket"] != "this browser has no WebSocket" || got.Got["eventsource"] != "this browser has no EventSource" {
		t.Errorf("%v", got.Got)
	}
}

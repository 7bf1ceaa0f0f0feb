package visits

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Visits wait for messages most of the time.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
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

	run := s.latest(t)
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
	must(t, chromedp.Do(page, chromedp.Navigate(s.url.JoinPath("visits").String())))
	shoot(t, page, "visits")
	want := verdicts(map[measure.Verdict]string{
		measure.Works: "short-poll long-poll callback-poll websocket", measure.Broken: strings.Join(streams, " "),
	})
	if !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\nwant %v\n%v", got.Verdicts, want, got.Got)
	}
	if want := "Use websocket. If it fails, fall back to long-poll, then to short-poll."; got.Use != want {
		t.Errorf("it recommends %q", got.Use)
	}
	for _, c := range s.latest(t).Cells {
		if cause, _ := measure.CauseByID(c.Cause); c.Verdict == measure.Broken && cause.ID != "buffered" && cause.Refines != "buffered" {
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
	for _, c := range s.latest(t).Cells {
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
		"websocket", "eventsource", "fetch-streaming", "xhr-streaming", "multipart", "long-poll", "short-poll",
	}})
	page := tab(t, modern)
	got := visitBy(t, page, s.url)
	want := verdicts(map[measure.Verdict]string{
		measure.Works: "xhr-streaming multipart long-poll short-poll", measure.Unsupported: "websocket eventsource fetch-streaming",
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

// A path that lets no POST through does not end the visit: the page's words go
// into the address.
func TestThroughARefusalOfPosts(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{Techniques: []string{"piggyback", "long-poll"}})
	got := visitBy(t, tab(t, ""), s.through(t, "fault:post-refused"))
	if want := verdicts(map[measure.Verdict]string{measure.Works: "long-poll", measure.Broken: "piggyback"}); !maps.Equal(got.Verdicts, want) {
		t.Errorf("verdicts %v\n%v", got.Verdicts, got.Got)
	}
	if got.Use != "Use long-poll." {
		t.Errorf("it recommends %q", got.Use)
	}
}

// htmlfile stands for the object of Internet Explorer: a document in a frame.
const htmlfile = `window.ActiveXObject = function () {
	const frame = document.createElement('iframe');
	document.getElementById('frames').appendChild(frame);
	const file = frame.contentDocument;
	return {
		open: () => file.open(), write: text => file.write(text), close: () => file.close(),
		createElement: name => file.createElement(name),
		get body() { return file.body; }, get parentWindow() { return frame.contentWindow; },
	};
};`

func TestHTMLFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{Techniques: []string{"htmlfile"}})
	got := visitBy(t, tab(t, htmlfile), s.url)
	if got.Verdicts["htmlfile"] != "works" || got.Use != "Use htmlfile." {
		t.Errorf("%+v", got)
	}
}

// Each text stands out from its background by the ratio that WCAG asks of
// small text (AA), in both colour schemes and with each verdict.
func TestContrast(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	page := tab(t, "")
	for _, scheme := range []string{"light", "dark"} {
		must(t, call(page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
		must(t, chromedp.Do(page, chromedp.Navigate(s.url.JoinPath("self-test").String())))
		for _, c := range eval[[]contrast](t, page, contrasts) {
			if c.Ratio < 4.5 {
				t.Errorf("%s: %s: %.2f", scheme, c.What, c.Ratio)
			}
		}
	}
	shoot(t, page, "verdicts")
}

type contrast struct {
	What  string  `json:"what"`
	Ratio float64 `json:"ratio"`
}

const contrasts = `(() => {
	document.getElementById('advice').className = 'works';
	document.getElementById('use').textContent = 'text';
	const rows = document.getElementById('techniques').children;
	['works', 'degraded', 'broken', 'unsupported', 'now', ''].forEach((kind, i) => { rows[i].className = kind; rows[i].querySelector('.got').textContent = 'text'; });
	const numbers = colour => colour.match(/[\d.]+/g).map(Number);
	const luminance = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
		.reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
	const behind = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } };
	const out = [];
	const look = disabled => {
		document.getElementById('start').disabled = disabled;
		for (const e of document.querySelectorAll('#page *')) {
			if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
			const [a, b] = [luminance(numbers(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
			out.push({what: e.tagName + '.' + e.className + ' in .' + e.parentElement.className + (disabled ? ', disabled' : ''), ratio: (a + .05) / (b + .05)});
		}
	};
	look(false);
	look(true);
	return out;
})()`

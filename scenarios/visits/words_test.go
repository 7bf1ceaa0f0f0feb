package visits

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"a\x00b\nc\x7f", 9, "abc"}, {"\xff\xfeok", 9, "ok"}, {"größer", 4, "grö"}, {"größer", 3, "gr"}, {"", 3, ""},
	} {
		if got := plain(c.in, c.most); got != c.want {
			t.Errorf("%q, at most %d: %q", c.in, c.most, got)
		}
	}
}

func TestBeginningIsBounded(t *testing.T) {
	b := beginning{HTTP: "9", Lanes: 1 << 30, OffsetUS: -1 << 63, BoundUS: 1 << 62, TripUS: -4, Cannot: map[string]string{
		"websocket": strings.Repeat("long ", 100), "pigeon": "x", "eventsource": "",
	}}
	b.bound()
	if b.HTTP != "1.1" || b.Lanes != mostLanes || b.OffsetUS != -century || b.BoundUS != time.Minute.Microseconds() || b.TripUS != 0 {
		t.Errorf("%+v", b)
	}
	if len(b.Cannot) != 1 || len(b.Cannot["websocket"]) > longestNote {
		t.Errorf("%v", b.Cannot)
	}
}

func TestSightIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1000)
	e := sight{Kind: "error", ID: long, T: 1 << 62, Bytes: -1, Note: long, Status: 1e6, ContentType: long}.event()
	if len(e.ID) > longestName || len(e.Note) > longestNote || len(e.ContentType) > longestName || e.Bytes != 0 || e.Status != 999 || e.T+century < 0 {
		t.Errorf("%+v", e)
	}
}

func TestWorkOf(t *testing.T) {
	u, err := url.Parse("http://visited.invalid/t/forever-iframe?channel=c&nonce=n")
	must(t, err)
	w := workOf(measure.Subscription{Technique: "forever-iframe", PollInterval: 250 * time.Millisecond}, u, []int{1})
	if w.Path != "t/forever-iframe?channel=c&nonce=n&prelude=1024" || w.Interval != 250 || w.Retry != 1000 || w.Resume || w.Pin != nil {
		t.Errorf("%+v", w)
	}
}

func TestAgentName(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91":               "edge-120",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36":                                   "chrome-156",
		"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0":                                                                          "firefox-153",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1":         "safari-17",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1": "chrome-120",
		"Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36":      "samsung-23",
		"Mozilla/5.0 (Linux; U; Android 2.3.6; en-us) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1":                              "android-2",
		"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)":                                                                                 "ie-8",
		"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                           "ie-11",
		"curl/8.5.0": "unknown", "": "unknown",
	} {
		if got := agentName(agent); got != want {
			t.Errorf("%s: %s, want %s", agent, got, want)
		}
	}
}

// What the answer of a report got lost for is said again, and counts once.
func TestPageIsHeardOnce(t *testing.T) {
	p := newPage("visitor:x", beginning{}, Config{HTTP3: true})
	var seen []measure.EventKind
	o := p.give(work{Technique: "websocket"}, func(e measure.Event) { seen = append(seen, e.Kind) })
	said := []sight{{Order: o.Order, Kind: "headers"}, {Order: o.Order, Kind: "message"}, {Order: 99, Kind: "message"}}
	p.hear(1, said, nil)
	p.hear(1, said, []int{o.Order})
	if !slices.Equal(seen, []measure.EventKind{measure.Headers, measure.Received}) || len(p.works()) != 1 {
		t.Errorf("%v, %d orders", seen, len(p.works()))
	}
	p.hear(2, nil, []int{o.Order, o.Order})
	p.hear(3, said, nil)
	if len(seen) != 2 || len(p.works()) != 0 {
		t.Errorf("%v, %d orders", seen, len(p.works()))
	}
	<-o.done
}

func TestPageThatReportsTooMuch(t *testing.T) {
	p := newPage("visitor:x", beginning{}, Config{HTTP3: true})
	n := 0
	o := p.give(work{Technique: "websocket"}, func(measure.Event) { n++ })
	p.hear(1, slices.Repeat([]sight{{Order: o.Order, Kind: "message"}}, orderEvents+10), []int{o.Order})
	if <-o.done; o.err == nil || n != orderEvents {
		t.Errorf("%d events, %v", n, o.err)
	}
}

// Scripts for old browsers: a newer word anywhere, and none of it runs there.
func TestScriptsAreOld(t *testing.T) {
	comment := regexp.MustCompile(`(?m)(?:^|\s)//.*$`)
	newer := regexp.MustCompile("=>|`|\\b(?:let|const|class|async|await|import|export)\\s|\\.\\.\\.|\\?\\.|,\\s*[}\\])]|\\.(?:catch|finally|delete)\\b")
	for _, name := range scripts() {
		if found := newer.FindString(comment.ReplaceAllString(file(name), "")); found != "" {
			t.Errorf("%s: %q", name, found)
		}
		if strings.Contains(file(name), "</script") {
			t.Errorf("%s ends the element that it stands in", name)
		}
	}
}

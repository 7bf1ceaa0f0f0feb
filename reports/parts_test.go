package reports

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{number(1234567.25), "1,234,567.3"}, {number(-1210), "-1,210"}, {number(0), "0"},
		{span(5001.2), "5.00 s"}, {span(0.8), "0.8 ms"}, {span(0.014), "14 µs"}, {span(250), "250 ms"}, {span(900e3), "15 min"},
		{size(1210), "1,210 B"}, {size(256 << 10), "256 KiB"}, {size(4 << 30), "4 GiB"},
		{value("delay_p99_ms", 3.1), "delay p99 3.1 ms"}, {value("held_bytes_min", 1210), "held min 1,210 B"},
		{value("arrival_error_mean_us", 14), "arrival error mean 14 µs"}, {value("opened_per_s", 21), "opened per s 21"},
		{value("reconnects", 3), "reconnects 3"}, {value("ms", 3), "ms 3"},
		{clean("a\tb\x1b[1mc\u202ed\xff\n"), "a b[1mcd\uFFFD"}, {short("abcdef", 4), "abc…"},
		{and([]string{"a", "b", "c"}), "a, b and c"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestMarksAreTold(t *testing.T) {
	for _, v := range append(measure.Verdicts(), "") {
		if m := markOf(v); m.Symbol == "?" || m.Word == "" || len(m.Brief) > 8 || m.Class == "" {
			t.Errorf("%s: %+v", v, m)
		}
	}
	for _, v := range measure.Verdicts() {
		if !slices.Contains(verdictOrder, v) || verdictMeans(v) == "" {
			t.Errorf("%s has no place or no meaning", v)
		}
	}
}

func TestTechniquesInOrderOfChoice(t *testing.T) {
	order := []string{"bayeux-long-polling", "short-poll", "sockjs-websocket", "xhr-streaming", "eventsource", "websocket", "long-poll", "sockjs-eventsource"}
	slices.SortFunc(order, byPreference)
	if want := "websocket sockjs-websocket eventsource sockjs-eventsource xhr-streaming long-poll bayeux-long-polling short-poll"; strings.Join(order, " ") != want {
		t.Errorf("%v", order)
	}
}

func choiceOf(cells ...measure.CellRecord) choice {
	return merge([]*measure.Run{{Cells: cells}}).choices()[0]
}

func cellOf(technique, client string, v measure.Verdict) measure.CellRecord {
	return measure.CellRecord{Labels: labels(technique, "p", client), Verdict: v}
}

func TestChoice(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []measure.CellRecord
		want  string
	}{
		{"best of each tier", []measure.CellRecord{
			cellOf("short-poll", "go", measure.Works), cellOf("long-poll", "go", measure.Works), cellOf("callback-poll", "go", measure.Works),
			cellOf("eventsource", "go", measure.Works), cellOf("websocket", "go", measure.Broken),
		}, "eventsource, then long-poll, then short-poll."},
		{"degraded last", []measure.CellRecord{
			cellOf("websocket", "go", measure.Degraded), cellOf("long-poll", "go", measure.Works),
		}, "long-poll, then websocket (degraded)."},
		{"one client only", []measure.CellRecord{
			cellOf("eventsource", "go", measure.Works), cellOf("eventsource", "chromium", measure.Broken), cellOf("long-poll", "go", measure.Works),
		}, "long-poll. eventsource works with go only."},
		{"a client that cannot", []measure.CellRecord{
			cellOf("eventsource", "go", measure.Works), cellOf("eventsource", "model:ie8", measure.Unsupported), cellOf("long-poll", "model:ie8", measure.Works),
		}, "eventsource (not with model:ie8), then long-poll."},
		{"nothing", []measure.CellRecord{cellOf("eventsource", "go", measure.Broken)}, "nothing works with every client that was tried."},
		{"no verdict", []measure.CellRecord{cellOf("eventsource", "go", measure.Skipped)}, "no technique has a verdict."},
	} {
		if got := choiceOf(c.cells...).sentence(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A visit says who came and by which way, and names no command that would
// make them come again.
func TestVisit(t *testing.T) {
	rec := runRecord("20260101-120000.000-abcd")
	rec.Command = []string{"cometbench", "serve"}
	rec.Visitor = &measure.VisitRecord{UserAgent: "Old<b>Browser\x1b[1m/3", Via: "1.1 <i>cache</i>", HTTP: "2", TLS: true, RoundTripMS: 31}
	cell := cellOf("eventsource", "visitor:old-3", measure.Broken)
	run := &measure.Run{Record: rec, Cells: []measure.CellRecord{cell}}
	var html strings.Builder
	format, _ := FormatByName("html")
	if err := format.Write(&html, []*measure.Run{run}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Old&lt;b&gt;Browser", "HTTP/2 over TLS, 31 ms for a small request there and back, via 1.1 &lt;i&gt;cache&lt;/i&gt;"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, never := range []string{"Measure it again", "cometbench run", "\x1b"} {
		if strings.Contains(html.String(), never) {
			t.Errorf("the report has %q", never)
		}
	}
}

func event1(side string, kind measure.EventKind, at int64, id string) measure.Event {
	return measure.Event{Trial: "steady", Side: side, Kind: kind, T: at, ID: id, Clock: side}
}

func TestChart(t *testing.T) {
	events := []measure.Event{
		event1("client", measure.Dial, 1_000_000, ""),
		event1("origin", measure.Publish, 1_100_000, "e-1"),
		event1("origin", measure.Publish, 2_100_000, "e-2"),
		event1("origin", measure.Write, 1_100_200, "e-1"),
		event1("origin", measure.Write, 1_100_100, ""),
		event1("origin", measure.Publish, 3_100_000, "e-3"),
		event1("client", measure.Received, 4_000_000, "e-1"),
		event1("client", measure.Received, 4_001_000, "e-2"),
		event1("client", measure.Received, 4_002_000, "e-2"),
		{Trial: "steady", Side: "client", Clock: "client", Kind: measure.End, T: 4_003_000, EndKind: measure.EndRST},
	}
	c := charts(events, []measure.Clock{{ID: "client", OffsetUS: 500_000}})[0]
	if len(c.messages) != 3 || !c.messages[2].lost() || c.messages[0].lost() {
		t.Fatalf("%+v", c.messages)
	}
	// The client's clock is half a second behind: its events move, and the
	// origin's first is now the start.
	if d, _ := c.messages[0].delay(); d != 3_400_000 {
		t.Errorf("delay %v", d)
	}
	want := "3 sent, 2 arrived; 1 never; 1 more than once; 2.40 s to 3.40 s after sending; in 1 batch; ended at 3.40 s: reset"
	if got := c.words(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	svg := c.svg("x", "a <title>")
	for _, want := range []string{"<title id=\"x-t\">a &lt;title&gt;</title>", `class="m2"`, `class="lo"`, `class="en"`, "reset"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
}

func TestChartOfAnApplication(t *testing.T) {
	c := charts([]measure.Event{event1("client", measure.Received, 5, ""), event1("client", measure.Received, 9, "")}, nil)[0]
	if got := c.words(); got != "2 arrived; what the origin sent is not on record" {
		t.Error(got)
	}
}

// Whatever a timeline holds, drawings stay small and inside their frame.
func TestChartBounds(t *testing.T) {
	var events []measure.Event
	for i := range 4_000 {
		id := strconv.Itoa(i)
		events = append(events, event1("origin", measure.Publish, int64(i)*1000, id), event1("client", measure.Received, int64(i)*1300, id),
			event1("client", measure.Heartbeat, int64(i)*700, ""), event1("client", measure.Failed, int64(i)*500, ""))
	}
	events = append(events, event1("origin", measure.Write, math.MaxInt64, "x"), event1("client", measure.Received, math.MinInt64, "x"))
	c := charts(events, []measure.Clock{{ID: "client", OffsetUS: math.MaxInt64}})[0]
	svg := c.svg("x", "t")
	if len(svg) > 20_000 {
		t.Errorf("%d bytes", len(svg))
	}
	for _, m := range regexp.MustCompile(`M(-?\d+) `).FindAllStringSubmatch(svg, -1) {
		if x, _ := strconv.Atoi(m[1]); x < plotLeft-8 || x > chartWidth {
			t.Fatalf("x = %d", x)
		}
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("not a number")
	}
	if !strings.Contains(c.words(), "80 of 4,001 drawn") {
		t.Error(c.words())
	}
}

// The page's text must be readable on its grounds: WCAG AA, 4.5 to 1, in the
// light and in the dark.
func TestContrast(t *testing.T) {
	css, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		t.Fatal(err)
	}
	var themes []map[string]string
	for _, root := range regexp.MustCompile(`:root\{([^}]*)\}`).FindAllStringSubmatch(string(css), -1) {
		theme := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+):#([0-9a-f]+)`).FindAllStringSubmatch(root[1], -1) {
			theme[m[1]] = m[2]
		}
		themes = append(themes, theme)
	}
	if len(themes) != 3 { // light, dark, print
		t.Fatalf("%d themes", len(themes))
	}
	for i, theme := range themes[:2] {
		pairs := [][2]string{{"ink", "bg"}, {"ink", "card"}, {"soft", "bg"}, {"soft", "card"}, {"soft", "none-bg"}, {"link", "bg"}, {"link", "card"}, {"ink", "degraded-bg"}, {"ink", "none-bg"}}
		for _, v := range []string{"works", "degraded", "broken", "fault", "none"} {
			pairs = append(pairs, [2]string{v, v + "-bg"}, [2]string{v, "card"})
		}
		for _, p := range pairs {
			a, b := luminance(t, theme[p[0]]), luminance(t, theme[p[1]])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("theme %d: %s on %s is %.2f to 1", i, p[0], p[1], ratio)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		t.Fatalf("colour %q", hex)
	}
	out := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(v>>(16-8*i)&255) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		out += weight * c
	}
	return out
}

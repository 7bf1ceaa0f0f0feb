package clients

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Each variant of each technique, from a scripted origin that answers as
// WIRE.md says.
func TestEachVariant(t *testing.T) {
	lines := hello + "\n" + msg1 + "\n" + done + "\n"
	spaces := strings.Repeat(" ", 4095) + "\n"
	script := func(arg string) string { return "<script>parent.cometbench(" + arg + ")</script>\n" }
	const text, form = "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"
	covered := map[string]bool{}
	for _, c := range []struct {
		technique, variant, contentType, wire string
		asked                                 string
	}{
		{"long-poll", "post", "application/json", "[" + msg1 + "]", "POST channel=c subscribe=1 " + text},
		{"early-close", "post", "text/plain", lines, "POST channel=c subscribe=1 " + text},
		{"xhr-streaming", "post", "text/plain", lines, "POST channel=c subscribe=1 " + text},
		{"xhr-streaming", "prelude4096", "text/plain", spaces + lines, "GET channel=c&prelude=4096"},
		{"fetch-streaming", "post", "application/x-ndjson", lines, "POST channel=c subscribe=1 " + text},
		{"fetch-streaming", "binary", "application/octet-stream", sized(hello) + sized(msg1) + sized(done), "GET channel=c&framing=binary"},
		{"forever-iframe", "post", "text/html; charset=utf-8", script(hello) + script(msg1) + script(done), "POST channel=c subscribe=1 " + form},
		{"forever-iframe", "prelude4096", "text/html; charset=utf-8", spaces + script(hello) + script(msg1) + script(done), "GET channel=c&prelude=4096"},
		{"forever-iframe-text", "prelude4096", "text/plain; charset=utf-8", spaces + lines, "GET channel=c&prelude=4096"},
		{"multipart", "mixed", `multipart/mixed; boundary="b=1"`, "--b=1\r\n" + part(hello) + part(msg1) + part(done), "GET channel=c&subtype=mixed"},
		{"eventsource", "post", "text/event-stream",
			"event: control\ndata: " + hello + "\nid: e1-0\n\n" + event(msg1, "e1-1") + "event: control\ndata: " + done + "\n\n", "POST channel=c subscribe=1 " + text},
	} {
		t.Run(c.technique+" "+c.variant, func(t *testing.T) {
			covered[c.technique+" "+c.variant] = true
			asked := make(chan string, 1)
			s := at(c.technique, serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked <- strings.Join(strings.Fields(strings.Join([]string{r.Method, r.URL.RawQuery, string(body), r.Header.Get("Content-Type")}, " ")), " ")
				w.Header().Set("Content-Type", c.contentType)
				say(w, c.wire)
			})+"/?channel=c")
			s.Variant = c.variant
			row, _ := measure.TechniqueByName(c.technique)
			as, err := row.As(c.variant)
			if err != nil || !strings.HasPrefix(c.contentType, as.Type) {
				t.Errorf("the table says %q, %v", as.Type, err)
			}
			lines := []string{"dial #1", "headers 200 HTTP/1.1 " + c.contentType, "prelude e1-0", "message e1-1", "end clean recycle-bytes"}
			if row.Polls() {
				lines = []string{lines[0], lines[1], lines[3], "end clean"}
			}
			want(t, receive(t, s, nil), lines...)
			if got := <-asked; got != c.asked {
				t.Errorf("asked %s, want %s", got, c.asked)
			}
		})
	}
	for _, row := range measure.Techniques() {
		for _, v := range row.Variants {
			if !covered[row.Name+" "+v] {
				t.Errorf("nobody tests %s as %s", row.Name, v)
			}
		}
	}
}

func TestApplyVariant(t *testing.T) {
	s := measure.Subscription{Technique: "forever-iframe", Variant: "post", Target: measure.Target{URL: "http://h/?channel=c", Header: http.Header{"X-A": {"b"}}}}
	once, err := ApplyVariant(s)
	if err != nil || once.Target.Method != "POST" || len(s.Target.Header) != 1 || s.Target.Method != "" {
		t.Errorf("%+v became %+v, %v", s.Target, once.Target, err)
	}
	if twice, err := ApplyVariant(once); err != nil || !reflect.DeepEqual(twice, once) {
		t.Errorf("again: %+v, %v", twice.Target, err)
	}
	// What the caller says stands.
	s.Target.Method, s.Target.Body = "PUT", []byte("own")
	if own, err := ApplyVariant(s); err != nil || own.Target.Method != "PUT" || string(own.Target.Body) != "own" || len(own.Target.Header) != 1 {
		t.Errorf("%+v, %v", own.Target, err)
	}
	for _, bad := range []measure.Subscription{
		{Technique: "forever-iframe", Variant: "binary"}, {Technique: "forever-iframe", Variant: "pink"},
		{Technique: "smoke", Variant: "post"}, {Technique: "multipart", Variant: "mixed", Target: measure.Target{URL: "http://%"}},
	} {
		if _, err := ApplyVariant(bad); err == nil {
			t.Errorf("%+v was applied", bad)
		}
	}
}

// The same data has the same sum by each framing, whatever escapes it adds, and
// altered data has another.
func TestSums(t *testing.T) {
	data := map[string]string{ // technique to the text of data on its wire
		"xhr-streaming":  `{"b":1.50,"a":"<b>&amp;</script><!--` + "\u2028" + `\u00e4"}`,
		"callback-poll":  `{"b":1.50,"a":"\u003cb>&amp;\u003c/script>\u003c!--\u2028ä"}`,
		"forever-iframe": `{"b":1.50,"a":"<b>&amp;<\/script>\u003c!--\u2028ä"}`,
		"long-poll":      ` { "b" : 1.50, "a" : "\u003cb\u003e\u0026amp;\u003c\/script\u003e<!--\u2028\u00E4" } `,
	}
	wrap := map[string]func(string) string{
		"xhr-streaming":  func(m string) string { return m + "\n" },
		"callback-poll":  func(m string) string { return "/**/cb([" + m + "]);" },
		"forever-iframe": func(m string) string { return "<script>parent.cometbench(" + m + ")</script>\n" },
		"long-poll":      func(m string) string { return "[" + m + "]" },
	}
	sum := func(technique, field string) (got string) {
		s := at(technique, serve(t, func(w http.ResponseWriter, r *http.Request) {
			say(w, wrap[technique](`{"channel":"c","id":"e1-1","sent_us":1,`+field+`}`))
		})+"/?callback=cb")
		told := receive(t, s, func(e measure.Event) {
			if e.Kind == measure.Received {
				got = e.Sum
			} else if e.Sum != "" {
				t.Errorf("%s with a sum", e.Kind)
			}
		})
		if strings.Contains(told, "error") {
			t.Errorf("%s: %s", technique, told)
		}
		return got
	}
	first := sum("xhr-streaming", `"data":`+data["xhr-streaming"])
	for technique, text := range data {
		if got := sum(technique, `"data":`+text); got != first || len(got) != 8 {
			t.Errorf("%s: %q, want %q", technique, got, first)
		}
	}
	if got := sum("long-poll", `"data":`+strings.Replace(data["long-poll"], "amp", "amq", 1)); got == first || len(got) != 8 {
		t.Errorf("altered data has the sum %q", got)
	}
	if got := sum("xhr-streaming", `"data_b64":"AP8="`); got != measure.SumBytes([]byte{0, 0xff}) {
		t.Errorf("binary data has the sum %q", got)
	}
}

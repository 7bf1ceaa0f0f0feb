package reference

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseParams(t *testing.T) {
	got, err := ParseParams(url.Values{
		"channel": {"c"}, "token": {"secret"}, "after": {"e7k2-41"}, "heartbeat": {"0"}, "hello": {"500ms"}, "prelude": {"2048"}, "padding": {"100"},
		"recycle_bytes": {"0"}, "recycle_after": {"250ms"}, "hold": {"1m"}, "interval": {"3s"}, "retry": {"0"}, "close_after": {"0s"},
		"length": {"2000"}, "limit": {"7"}, "callback": {"$a.b_c"}, "subtype": {"mixed"}, "framing": {"binary"}, "type": {"text/plain"}, "charset": {"none"},
		"nosniff": {"0"}, "accel": {"no"}, "no_transform": {"1"}, "compress": {"gzip"}, "flush": {"0"}, "slow": {"drop"}, "echo": {"1"}, "fail": {"cut"}, "nonce": {"x y"},

		"break": {"3"}, "status": {"502"}, "interim": {"1s"}, "keepalive": {"2s"}, "user_timeout": {"1500ms"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Params{
		After: "e7k2-41", Hello: 500 * time.Millisecond, Prelude: 2048, Padding: 100, RecycleAfter: 250 * time.Millisecond, Hold: time.Minute, Interval: 3 * time.Second,
		Length: 2000, Limit: 7, Callback: "$a.b_c", Subtype: "mixed", Framing: "binary", Type: "text/plain", Charset: "none", Nosniff: "0",
		AccelOff: true, NoTransform: true, Gzip: true, Slow: SlowDrop, Echo: true, Fail: "cut", Nonce: "x y",

		Break: 3, Status: 502, Interim: time.Second, KeepAlive: 2 * time.Second, UserTimeout: 1500 * time.Millisecond,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestOptionsTable: each documented default is what a request without options
// gets, and each row sets a field of its own.
func TestOptionsTable(t *testing.T) {
	none, err := ParseParams(url.Values{"channel": {"c"}})
	if err != nil || none != DefaultParams() {
		t.Fatalf("%+v, %v", none, err)
	}
	seen := make(map[string]bool)
	for _, o := range Options() {
		if seen[o.Name] || o.Summary == "" || o.Value == "" {
			t.Errorf("row %+v", o)
		}
		seen[o.Name] = true
		if o.Default == "" {
			continue
		}
		got, err := ParseParams(url.Values{o.Name: {o.Default}})
		if err != nil || got != DefaultParams() {
			t.Errorf("%s=%s is not the default: %v", o.Name, o.Default, err)
		}
	}
	if n := reflect.TypeFor[Params]().NumField(); n != len(Options()) {
		t.Errorf("%d options for %d fields", len(Options()), n)
	}
}

func TestParseParamsRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"hartbeat=1s":                          "did you mean heartbeat",
		"recyclebytes=1":                       "did you mean recycle_bytes",
		"chanel=c":                             "did you mean channel",
		"zzz=1":                                "known are channel",
		"heartbeat=1s&heartbeat=2s":            "given 2 times",
		"heartbeat=soon":                       "want a duration such as",
		"heartbeat=-1s":                        "want 0, or",
		"heartbeat=1ns":                        "want 0, or",
		"heartbeat=99999h":                     "want 0, or",
		"prelude=-1":                           "want a whole number",
		"prelude=9999999999":                   "want a whole number",
		"padding=1e3":                          "want a whole number",
		"limit=99999999999999999999":           "want a whole number",
		"length=10":                            "want a whole number from 1024",
		"callback=a(b)":                        "want a name",
		"callback=a%0Ab":                       "want a name",
		"callback=1a":                          "want a name",
		"callback=":                            "want a name",
		"callback=" + strings.Repeat("a", 129): "want a name",
		"subtype=mixd":                         "did you mean mixed",
		"fail=404":                             "want 403 or",
		"slow=wiat":                            "did you mean wait",
		"flush=yes":                            "want 1 or 0",
		"accel=yes":                            "want no",
		"compress=br":                          "want gzip",
		"status=200":                           "want 204, or 400 to 599",
		"status=600":                           "want 204, or 400 to 599",
		"break=-1":                             "want a whole number",
		"charset=latin1":                       "want utf-8 or none",
		"type=html":                            "want a media type",
		"type=text/html%0D%0AX:":               "want a media type",
		"after=41":                             "want EPOCH-NUMBER",
		"after=e7k2-":                          "want EPOCH-NUMBER",
		"after=e7k2-%2B1":                      "want EPOCH-NUMBER",
		"after=a b-1":                          "want EPOCH-NUMBER",
		"after=a-99999999999999999999":         "want EPOCH-NUMBER",
		"nonce=" + strings.Repeat("a", 129):    "want at most",
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseParams(q)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", query, err, want)
		}
	}
}

func TestSubscribeRefuses(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for target, want := range map[string]string{
			"/t/eventsorce?channel=c":                                  "404 did you mean eventsource",
			"/t/?channel=c":                                            "404 is unknown",
			"/t/eventsource":                                           "400 want channel=NAME",
			"/t/eventsource?channel=":                                  "400 want channel=NAME",
			"/t/eventsource?channel=%ff":                               "400 want channel=NAME",
			"/t/eventsource?channel=a&channel=b":                       "400 want channel=NAME",
			"/t/eventsource?channel=" + strings.Repeat("a", 257):       "400 want channel=NAME",
			"/t/eventsource?channel=c&hertbeat=1s":                     "400 did you mean heartbeat",
			"/t/eventsource?channel=c&a=%zz":                           "400 query",
			"/t/eventsource?channel=c;heartbeat=1s":                    "400 query",
			"/t/callback-poll?channel=c":                               "400 callback=NAME",
			"/t/htmlfile?channel=c":                                    "400 callback=NAME",
			"/t/content-length-stream?channel=c&compress=gzip":         "400 compress",
			"/t/content-length-stream?channel=c&length=1024&prelude=1": "400 no room",
			"/nowhere": "404 no such path",
		} {
			resp, body, _ := b.get(target).answer()
			status, text, _ := strings.Cut(want, " ")
			if !strings.HasPrefix(resp.Status, status) || !strings.Contains(body, text) || strings.Count(body, "\n") != 1 {
				t.Errorf("%s: %s %q, want %s", target, resp.Status, body, want)
			}
		}
		if b.hub.Subscribers("c") != 0 {
			t.Error("a refused request is counted as subscribed")
		}
	})
}

func FuzzParseParams(f *testing.F) {
	f.Add("channel=c&heartbeat=1s&after=a-1&callback=f&type=text/html")
	f.Add("prelude=1&padding=2&slow=drop&length=5000&nonce=%00")
	for _, o := range Options() {
		f.Add(o.Name + "=" + o.Default)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		p, err := ParseParams(q)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 1000 {
				t.Errorf("error is not a line: %q", err)
			}
			return
		}
		for _, d := range []time.Duration{p.Heartbeat, p.RecycleAfter, p.Hold, p.Interval, p.Retry, p.CloseAfter, p.Interim, p.KeepAlive, p.UserTimeout} {
			if d != 0 && (d < minDuration || d > maxDuration) {
				t.Errorf("%q gives %v", raw, d)
			}
		}
		if p.Prelude < 0 || p.Prelude > maxPrelude || p.Padding < 0 || p.Padding > maxPadding || p.Length < minLength || p.Limit < 0 || p.RecycleBytes < 0 {
			t.Errorf("%q gives %+v", raw, p)
		}
		// What goes into a head or a script must not leave its place.
		if strings.ContainsFunc(p.Type, func(r rune) bool { return r < ' ' || r > '~' }) || strings.ContainsAny(p.Callback, "()<>\"';\r\n ") {
			t.Errorf("%q gives type %q, callback %q", raw, p.Type, p.Callback)
		}
		if p.After != "" {
			epoch, seq, err := parsePosition(p.After)
			if err != nil || formatID(epoch, seq) != p.After {
				t.Errorf("position %q is %s, %d, %v", p.After, epoch, seq, err)
			}
		}
	})
}

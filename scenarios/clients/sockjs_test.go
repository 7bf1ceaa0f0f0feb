package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// quoted is a message or notice as it stands in a frame.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return string(b)
}

// sockjsFrame is an array frame.
func sockjsFrame(messages ...string) string {
	for i, m := range messages {
		messages[i] = quoted(m)
	}
	return "a[" + strings.Join(messages, ",") + "]"
}

var (
	helloFrame = sockjsFrame(hello)
	pairFrame  = sockjsFrame(msg1, msg2)
	endFrame   = sockjsFrame(done)
)

// pageHeadOf is a page's head, as long as it must be.
func pageHeadOf(callback string) string {
	head := "<html><script>\n var c = parent." + callback + ";\n</script>"
	return head + strings.Repeat(" ", pageHeadLeast-len(head))
}

func pageScript(frame string) string {
	return "<script>\np(" + strings.ReplaceAll(quoted(frame), "</", `\u003c/`) + ");\n</script>\r\n"
}

func TestSockJSDecoders(t *testing.T) {
	all := []string{"-", helloItem, msg1Item, msg2Item, "heartbeat", endItem, "end reason=close 3000 over"}
	frames := []string{"o", helloFrame, pairFrame, "h", endFrame, `c[3000,"over"]`}
	with := func(before, after string) string { return before + strings.Join(frames, after+before) + after }
	runDecoder(t, "sockjs-xhr-streaming", Params{}, []decoderCase{
		{name: "lines", technique: "sockjs-xhr", wire: with("", "\n"), want: all},
		{name: "prelude", wire: string(sockjsPrelude) + "\no\n", want: []string{"-"}},
		{name: "another prelude", wire: "hhh\n", want: []string{"error not a SockJS frame: hhh"}},
		{name: "one message", wire: "m" + quoted(msg1) + "\n", want: []string{msg1Item}},
		{name: "cut", wire: "o\n" + pairFrame, want: []string{"-"}, err: ErrUnfinished},
		{name: "no string", wire: "a[1]\n", want: []string{"error message is not a string: 1"}},
		{name: "no array", wire: "a{}\nc[\"x\",1]\nc[1.5,\"x\"]\n", want: []string{
			`error not a SockJS frame: a{}`, `error not a close frame: ["x",1]`, `error not a close frame: [1.5,"x"]`}},
		{name: "a web page", wire: strings.Repeat("<p>\n", maxStrikes), want: strings.Split(strings.TrimSuffix(strings.Repeat("error not a SockJS frame: <p>\n", maxStrikes), "\n"), "\n"), err: ErrNotFraming},
		{name: "events", technique: "sockjs-eventsource", wire: "\r\n" + with("data: ", "\r\n\r\n"), want: all},
		{name: "escaped event", technique: "sockjs-eventsource", wire: "data: " + strings.ReplaceAll(helloFrame, "hello", "%68ello") + "\n\n", want: []string{helloItem}},
		{name: "event with an escape that is none", technique: "sockjs-eventsource", wire: "data: a[\"100%\"]\n\n", want: []string{"error not an escape of a URI: %\"]"}},
		{name: "event of another type", technique: "sockjs-eventsource", wire: "event: x\ndata: o\n\n", want: []string{`error event of type "x": o`}},
		{name: "cut event", technique: "sockjs-eventsource", wire: "data: o\n\ndata: h\n", want: []string{"-"}, err: ErrUnfinished},
		{name: "call", technique: "sockjs-jsonp", params: Params{Callback: "_jp.a"}, wire: "/**/_jp.a(" + quoted(pairFrame) + ");\r\n", want: []string{msg1Item, msg2Item}},
		{name: "another call", technique: "sockjs-jsonp", params: Params{Callback: "_jp.a"}, wire: "/**/_jp.b(\"o\");\r\n", errText: "does not call _jp.a"},
		{name: "cut call", technique: "sockjs-jsonp", params: Params{Callback: "f"}, wire: "/**/f(\"o", errText: "the call does not end"},
	})
	page := func(callback string) string {
		out := pageHeadOf(callback)
		for _, f := range frames {
			out += pageScript(f)
		}
		return out
	}
	for name, c := range map[string]decoderCase{
		"page":               {wire: page("f"), want: all},
		"page of another":    {wire: page("g"), want: append([]string{"error the page does not look for parent.f;"}, all...)},
		"short head":         {wire: "parent.f;" + pageScript("o"), want: []string{"error 9 bytes before the first script, want at least 1025", "-"}},
		"something between":  {wire: pageHeadOf("f") + pageScript("o") + "<!-- ad -->" + pageScript("h"), want: []string{"-", "error bytes outside a script: <!-- ad -->", "heartbeat"}},
		"script that is cut": {wire: pageHeadOf("f") + pageScript("o") + "<script>\np(\"h", want: []string{"-"}, err: ErrUnfinished},
	} {
		t.Run(name, func(t *testing.T) {
			for _, pieces := range [][]string{{c.wire}, bytesOf(c.wire), cutUp(c.wire, 0x123456789abcdef)} {
				got, err := decode(t, "sockjs-htmlfile", Params{Callback: "f"}, pieces...)
				for i := range got {
					if i < len(c.want) && strings.HasPrefix(c.want[i], "error the page") {
						got[i] = got[i][:min(len(got[i]), len(c.want[i]))] // an excerpt follows
					}
				}
				if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
					t.Fatalf("in %d pieces: got\n%s\nwant\n%s", len(pieces), g, w)
				}
				if (err != nil) != (c.err != nil) {
					t.Fatalf("in %d pieces: %v", len(pieces), err)
				}
			}
		})
	}
	for _, f := range frames {
		if _, err := decode(t, "sockjs-websocket", Params{}, f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	for _, technique := range []string{"sockjs-jsonp", "sockjs-htmlfile"} {
		if _, err := NewDecoder(technique, Params{}); err == nil {
			t.Errorf("%s without a callback", technique)
		}
	}
}

// TestSockJSSessions: what a client makes of its session when an answer ends,
// when it is closed, cut or lost.
func TestSockJSSessions(t *testing.T) {
	for name, tt := range map[string]struct {
		technique string
		answers   []string // one for each request; "-" in front cuts it in its middle
		sessions  string   // the same letter for requests of the same session
		lost      int
	}{
		"polls of one session":  {"sockjs-xhr", []string{"o\n", helloFrame + "\n", "h\n", pairFrame + "\n"}, "aaaa", 0},
		"a poll that is lost":   {"sockjs-xhr", []string{"o\n", "o\n", "o\n", pairFrame + "\n"}, "aabb", 1},
		"a stream that goes on": {"sockjs-xhr-streaming", []string{"o\n" + helloFrame + "\n", pairFrame + "\n", "h\n"}, "aaa", 0},
		"a stream that is lost": {"sockjs-xhr-streaming", []string{"o\n" + helloFrame + "\n", "o\n", "o\n"}, "aab", 1},
		"a stream that is cut":  {"sockjs-xhr-streaming", []string{"-o\n" + helloFrame + "\n", "o\n" + pairFrame + "\n", "h\n"}, "abb", 0},
		"a closed session":      {"sockjs-xhr", []string{"o\n", `c[1002,"Connection interrupted"]` + "\n", "o\n", "h\n"}, "aabb", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, enough := context.WithCancel(t.Context())
			defer enough()
			var mu sync.Mutex
			var ids, cookies []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				parts := strings.Split(r.URL.Path, "/")
				mu.Lock()
				n := len(ids)
				if n < len(tt.answers) {
					ids = append(ids, parts[4])
					cookies = append(cookies, r.Header.Get("Cookie"))
				}
				mu.Unlock()
				if n >= len(tt.answers) {
					enough()
					return
				}
				if want := "/sockjs/hub/" + parts[3] + "/" + parts[4] + "/" + sockjsTransports[tt.technique]; r.URL.Path != want || r.Method != "POST" || r.URL.Query().Get("channel") != "c" {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				w.Header().Set("Set-Cookie", "JSESSIONID=dummy; path=/")
				body, cut := strings.CutPrefix(tt.answers[n], "-")
				_, _ = io.WriteString(w, body)
				if cut {
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}
			}))
			defer srv.Close()
			l := &timeline{t: t}
			s := measure.Subscription{Technique: tt.technique, Resume: true, Retry: leastRetry, Target: measure.Target{URL: srv.URL + "/sockjs/hub?channel=c"}}
			if err := NewGo().Subscribe(ctx, s, l.sink); err != nil {
				t.Fatal(err)
			}
			names, got := map[string]rune{}, ""
			for i, id := range ids {
				if names[id] == 0 {
					names[id] = rune('a' + len(names))
				}
				got += string(names[id])
				if i > 0 && cookies[i] != "JSESSIONID=dummy" {
					t.Errorf("request %d has the cookie %q", i, cookies[i])
				}
			}
			if lost := strings.Count(l.told(), measure.SessionLost); got != tt.sessions || lost != tt.lost {
				t.Errorf("sessions %s with %d lost, want %s with %d\n%s", got, lost, tt.sessions, tt.lost, l.told())
			}
		})
	}
}

func FuzzSockJSLines(f *testing.F) {
	fuzzDecoderWith(f, "sockjs-xhr-streaming", Params{}, string(sockjsPrelude)+"\no\n"+pairFrame+"\n", "c[1,\"\"]\nh\na[]\n", "m\"\\ud800\"\n")
}

func FuzzSockJSEvents(f *testing.F) {
	fuzzDecoderWith(f, "sockjs-eventsource", Params{}, "\r\ndata: o\r\n\r\ndata: "+pairFrame+"\r\n\r\n", "event: x\ndata:h\n\n", "data: c%5b%E2%82%AC%zz\n\n")
}

func FuzzSockJSCall(f *testing.F) {
	fuzzDecoderWith(f, "sockjs-jsonp", Params{Callback: "f"}, "/**/f("+quoted(pairFrame)+");\r\n", `/**/f("c[1,\"\"]");`, `/**/f("");`)
}

func FuzzSockJSPage(f *testing.F) {
	fuzzDecoderWith(f, "sockjs-htmlfile", Params{Callback: "f"}, pageHeadOf("f")+pageScript("o")+pageScript(pairFrame), fmt.Sprint("<script>\np(", ");\n</script>"))
}

package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCompletionOptions(t *testing.T) {
	got, err := parseCompletionParams(url.Values{
		"token": {"secret"}, "tokens": {"7"}, "rate": {"0.5"}, "seed": {"9"}, "first": {"250ms"}, "head": {"late"}, "heartbeat": {"1s"}, "cut": {"3"},
		"cut_by": {"rst"}, "compress": {"gzip"}, "flush": {"0"}, "accel": {"no"}, "no_transform": {"1"}, "nonce": {"x y"},
	})
	want := completionParams{
		Tokens: 7, Rate: 0.5, Seed: 9, First: 250 * time.Millisecond, Head: "late", Heartbeat: time.Second, Cut: 3, CutBy: "rst",
		Gzip: true, AccelOff: true, NoTransform: true, Nonce: "x y",
	}
	if err != nil || got != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	seen := make(map[string]bool)
	for _, o := range completionOptions() {
		if seen[o.Name] || o.Value == "" || !strings.HasSuffix(o.Summary, ".") {
			t.Errorf("row %+v", o)
		}
		seen[o.Name] = true
		if o.Default == "" {
			continue
		}
		if got, err := parseCompletionParams(url.Values{o.Name: {o.Default}}); err != nil || got != defaultCompletionParams() {
			t.Errorf("%s=%s is not the default: %+v, %v", o.Name, o.Default, got, err)
		}
	}
	if n := reflect.TypeFor[completionParams]().NumField(); n != len(seen) {
		t.Errorf("%d options for %d fields", len(seen), n)
	}
}

// TestCompletionRefuses: whatever is wrong, the answer is an error of the API
// that says what.
func TestCompletionRefuses(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	message := func(extra string) string {
		return `{"model":"m","messages":[{"role":"user","content":"x"}],` + extra + `}`
	}
	inBubble(t, Config{MaxMessageBytes: 100_000}, func(t *testing.T, b *bench) {
		for _, tt := range []struct{ query, body, want string }{
			{"toknes=1", hello, "400 did you mean tokens"},
			{"heartbeat=1s&heartbeat=2s", hello, "400 given 2 times"},
			{"a=%zz", hello, "400 query"},
			{"channel=c", hello, "400 is unknown"},
			{"tokens=-1", hello, "400 want a whole number"},
			{"tokens=65537", hello, "400 want a whole number"},
			{"rate=0", hello, "400 want a number"},
			{"rate=NaN", hello, "400 want a number"},
			{"rate=Inf", hello, "400 want a number"},
			{"rate=1e9", hello, "400 want a number"},
			{"seed=-1", hello, "400 want a whole number"},
			{"first=1", hello, "400 want a duration"},
			{"head=lat", hello, "400 did you mean late"},
			{"cut_by=reset", hello, "400 want fin or rst or clean"},
			{"cut=65", hello, "400 there are 64 tokens"},
			{"cut=1", message(`"stream":false`), "400 cut is for streams"},
			{"flush=yes", hello, "400 want 1 or 0"},
			{"nonce=%ff", hello, "400 UTF-8"},
			{"", ``, "400 not JSON"},
			{"", `{`, "400 not JSON"},
			{"", hello + "x", "400 not JSON"},
			{"", "\ufeff" + hello, "400 not JSON"},
			{"", deep, "400 not JSON"},
			{"", message(`"x":` + deep), "400 not JSON"},
			{"", `null`, "400 model is missing"},
			{"", `[]`, "400 is a JSON array"},
			{"", `"x"`, "400 is a JSON string"},
			{"", `1` + strings.Repeat("0", 9000), "400 is a JSON number"},
			{"", `{}`, "400 model is missing"},
			{"", `{"model":"` + strings.Repeat("m", 129) + `"}`, "400 model is longer"},
			{"", `{"model":7}`, "400 model has the wrong type: number"},
			{"", `{"model":"m"}`, "400 messages is missing"},
			{"", `{"model":"m","messages":[]}`, "400 messages is empty"},
			{"", `{"model":"m","messages":"hi"}`, "400 messages has the wrong type: string"},
			{"", `{"model":"m","messages":[1]}`, "400 messages has the wrong type: number"},
			{"", `{"model":"m","messages":[{"role":"user"},{"content":"x"}]}`, "400 messages[1].role is missing"},
			{"", message(`"stream":"yes"`), "400 stream has the wrong type"},
			{"", message(`"stream_options":{}`), "400 stream_options goes with stream"},
			{"", message(`"n":2`), "400 one choice"},
			{"", message(`"max_tokens":0`), "400 max_tokens is less"},
			{"", message(`"max_completion_tokens":-1`), "400 max_completion_tokens is less"},
			{"", message(`"max_tokens":1.5`), "400 max_tokens has the wrong type"},
			{"", message(`"max_tokens":99999999999999999999`), "400 max_tokens has the wrong type"},
			{"", message(`"x":"` + strings.Repeat("x", 100_000) + `"`), "413 longer than 100000 bytes"},
		} {
			resp, body, complete := b.open(chat(tt.query, tt.body)).answer()
			checkAPIError(t, fmt.Sprintf("%s %.60s", tt.query, tt.body), resp, body, complete, tt.want)
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS"} {
			resp, body, complete := b.open(strings.Replace(chat("", hello), "POST", method, 1)).answer()
			checkAPIError(t, method, resp, body, complete, "405 want POST")
			if resp.Header.Get("Allow") != "POST" {
				t.Errorf("%s: %v", method, resp.Header)
			}
		}
		if got := b.open(strings.Replace(chat("", ""), "POST", "HEAD", 1)).wire(); !strings.HasPrefix(got, "HTTP/1.1 405 ") {
			t.Errorf("HEAD: %q", got)
		}
		if n := b.completing(); n != 0 {
			t.Errorf("%d completions after refusals", n)
		}
	})
}

func checkAPIError(t *testing.T, name string, resp *http.Response, body string, complete bool, want string) {
	t.Helper()
	var got struct {
		Error struct {
			Message, Type string
			Param, Code   *string
		}
	}
	status, text, _ := strings.Cut(want, " ")
	if err := json.Unmarshal([]byte(body), &got); err != nil || !complete || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s %v %q, complete %v: %v", name, resp.Status, resp.Header, body, complete, err)
		return
	}
	if !strings.HasPrefix(resp.Status, status) || !strings.Contains(got.Error.Message, text) || got.Error.Type != "invalid_request_error" || len(body) > 1000 {
		t.Errorf("%s: %s %s, want %s", name, resp.Status, body, want)
	}
}

// TestCompletionBodyTrickles: a body that never ends holds its place no longer
// than bodies may.
func TestCompletionBodyTrickles(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open("POST /llm/v1/chat/completions HTTP/1.1\r\nHost: o\r\nContent-Length: 100\r\n\r\n{")
		time.Sleep(bodyAllowed - 1)
		if n := b.completing(); n != 1 {
			t.Fatalf("%d completions while the body comes", n)
		}
		time.Sleep(time.Nanosecond)
		resp, body, complete := c.answer()
		checkAPIError(t, "trickle", resp, body, complete, "400 read body")
		if n := b.completing(); n != 0 {
			t.Errorf("%d completions afterwards", n)
		}
	})
}

func FuzzCompletionRequest(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"max_tokens":1,"seed":-5,"n":1,"stream_options":{"include_usage":true},"stream":true}`))
	f.Add([]byte(`{"model":7,"messages":null,"max_tokens":1e400}`))
	f.Add([]byte("{\"model\":\"\xff\",\"messages\":[{\"role\":\"\u2028\"}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := parseCompletionRequest(body)
		if err != nil {
			var refused *apiError
			if !errors.As(err, &refused) || refused.status != 400 || strings.ContainsAny(refused.message, "\r\n") || len(refused.message) > 1000 || !json.Valid(refused.appendJSON(nil)) {
				t.Errorf("%q: %#v", body, err)
			}
			return
		}
		if n := q.limited(100); n < 1 || n > 100 || q.promptTokens() < 0 || q.promptTokens() > len(body) {
			t.Errorf("%q: %d tokens, prompt of %d", body, n, q.promptTokens())
		}
		c := &completion{request: q, id: "i"}
		chunks := completionChunks{start: string(c.object(nil, "k")), usage: q.includeUsage(), now: func() int64 { return 1 }}
		if frame := chunks.finish(nil, "stop", 1); !json.Valid(frame) || strings.ContainsAny(strings.TrimSuffix(string(frame), "\n\n"), "\r\n") {
			t.Errorf("%q: chunk %q", body, frame)
		}
	})
}

package sockjs

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestQuote: what must be escaped is, and nothing else.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":                          `""`,
		`a"b\c`:                     `"a\"b\\c"`,
		"\x00\b\t\n\r\x1f\x7f":      "\"\\u0000\\u0008\\t\\n\\r\\u001f\x7f\"",
		"é</script><!--'&":          `"é</script><!--'&"`,
		"\u200b\u200c\u200f":        "\"\u200b\\u200c\\u200f\"",
		"\u2027\u2028\u2029":        "\"\u2027\\u2028\\u2029\"",
		"\u202f\u2030\u2060":        "\"\\u202f\u2030\\u2060\"",
		"\u206f\u2070\uffef":        "\"\\u206f\u2070\uffef\"",
		"\ufff0\ufffd\uffff":        `"\ufff0\ufffd\uffff"`,
		"\U0001f600":                "\"\U0001f600\"",
		"\xed\xa0\x80-\xed\xbf\xbf": `"\ud800-\udfff"`,
		"\xff\xc3":                  `"\ufffd\ufffd"`,
	} {
		if got := string(appendQuoted(nil, text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestMessages: what clients may send, and what they may not.
func TestMessages(t *testing.T) {
	for payload, want := range map[string]string{
		`[]`: "", ` [ ] `: "", `["a"]`: "a", "[ \"a\" ,\n\"b\"]": "a|b", `["a\"]","[b"]`: `a"]|[b`,
		`["\u0041\n\/\\\"\b\f\r\t"]`: "A\n/\\\"\b\f\r\t", `["\ud83d\ude00"]`: "\U0001f600",
		`["\ud83d"]`: "\xed\xa0\xbd", `["\ude00\ud83d"]`: "\xed\xb8\x80\xed\xa0\xbd", `["\ud83d\u0041"]`: "\xed\xa0\xbdA",
		``: "Payload expected.", " \n": "Payload expected.",
		`["a`: "Broken JSON encoding.", `{}`: "Broken JSON encoding.", `[1]`: "Broken JSON encoding.", `["a",null]`: "Broken JSON encoding.",
		`[["a"]]`: "Broken JSON encoding.", `"a"`: "Broken JSON encoding.", `["a"]x`: "Broken JSON encoding.", "[\"\xff\"]": "Broken JSON encoding.",
	} {
		texts, err := messagesOf([]byte(payload), false)
		got := strings.Join(texts, "|")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", payload, got, want)
		}
	}
	if texts, err := messagesOf([]byte(`"alone"`), true); err != nil || len(texts) != 1 || texts[0] != "alone" {
		t.Errorf("a string alone: %q, %v", texts, err)
	}
}

// FuzzMessages: what is taken comes back from a frame as it was, whatever it
// is, and nothing in a frame needs a script's or a line's protection.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{`["a","é\u2028"]`, `["\ud83d\ude00\ud800"]`, `[]`, `["</script>\u0000"]`, `"x"`, `["\\\""]`, `[1,"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		texts, err := messagesOf(payload, true)
		if err != nil {
			return
		}
		var messages []Message
		for _, text := range texts {
			messages = append(messages, Message{Text: text})
		}
		if len(messages) == 0 {
			return
		}
		frame, sizes := appendArrayFrame(nil, messages)
		if !utf8.Valid(frame) || strings.ContainsAny(string(frame), "\n\r\x00\u2028\u2029") {
			t.Fatalf("frame %q", frame)
		}
		sum := 0
		for _, n := range sizes {
			sum += n
		}
		if sum != len(frame) {
			t.Fatalf("sizes %v of %d bytes", sizes, len(frame))
		}
		again, err := messagesOf(frame[1:], false)
		if err != nil || strings.Join(again, "\x00") != strings.Join(texts, "\x00") {
			t.Fatalf("sent %q, came back %q, %v", texts, again, err)
		}
		var standard []string
		if err := json.Unmarshal(frame[1:], &standard); err != nil || len(standard) != len(texts) {
			t.Fatalf("encoding/json does not read %q: %v", frame, err)
		}
		var literal string
		if quoted := appendScriptQuoted(nil, string(frame)); json.Unmarshal(quoted, &literal) != nil || literal != string(frame) ||
			strings.Contains(string(quoted), "</") || strings.Contains(string(quoted), "<!--") {
			t.Fatalf("as a script's string %q", quoted)
		}
	})
}

// FuzzSessionPath: a path is a session's, or it is not; nothing of it that a
// session may not have gets through.
func FuzzSessionPath(f *testing.F) {
	for _, seed := range []string{"/a/b/xhr", "/000/%2e/xhr", "/a./b/xhr", "//b/xhr", "/a/%zz/xhr", "/a/b/c/d", "/%2F/%00/jsonp"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		session, transport, ok := sessionPath(path)
		if !ok {
			return
		}
		if session == "" || len(session) > maxID || strings.Contains(transport, "/") || strings.Count(path, "/") != 3 || strings.Contains(path[:len(path)-len(transport)], ".") {
			t.Fatalf("%q is session %q and transport %q", path, session, transport)
		}
	})
}

// FuzzCallback: no name gets through that is more than a name.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{"c=f", "callback=a.b-c_1", "c=%20", "c=alert(1)", "c=a%0Ab", "c=%E2%80%A8", "c=" + strings.Repeat("a", 200), "c=;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		name, err := callbackOf(r)
		if err != nil {
			return
		}
		if name == "" || len(name) > maxCallback || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Fatalf("%q gives %q", query, name)
		}
	})
}

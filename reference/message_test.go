package reference

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncodeBody(t *testing.T) {
	for _, tt := range []struct{ kind, body, want string }{
		{"application/json", ` {"a" : [1.50, 1e400, -0, 12345678901234567890123], "b":"A\/é\ud800"} `, `{"a":[1.50,1e400,-0,12345678901234567890123],"b":"A\/é\ud800"}`},
		{"application/json; charset=utf-8", "\"<&>\u2028\"", "\"<&>\u2028\""},
		{"APPLICATION/JSON", "null", "null"},
		{"application/json", "", "error"},
		{"application/json", "{", "error"},
		{"application/json", "1 2", "error"},
		{"application/json", "\ufeff1", "error"},
		{"application/json", "\"\xff\"", "error"},
		{"application/json", "\"a\nb\"", "error"},
		{"text/plain", "", `""`},
		{"text/plain;charset=utf-8", "a\"\\\n\r\t\x00\x7fé\u2028</script>", "\"a\\\"\\\\\\n\\u000d\\t\\u0000\x7fé\u2028</script>\""},
		{"text/plain", "\xc3", "error"},
		{"", "plain", "b64:cGxhaW4="},
		{"application/octet-stream", "\x00\xff", "b64:AP8="},
		{"not a type;;", "x", "b64:eA=="},
	} {
		data, binary, err := EncodeBody(tt.kind, []byte(tt.body))
		got := string(data)
		if binary {
			got = "b64:" + strings.Trim(got, `"`)
		}
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%s %q: %s (%v), want %s", tt.kind, tt.body, got, err, tt.want)
		}
	}
}

func TestMessageJSON(t *testing.T) {
	m := &Message{Channel: "a\"\n", ID: "e7k2-41", DueUS: 5, SentUS: 7, Data: []byte(`{"n":1}`)}
	want := `{"channel":"a\"\n","id":"e7k2-41","due_us":5,"sent_us":7,"data":{"n":1}}`
	if got := string(m.JSON()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m.encode()
	if got := string(m.JSON()); got != want || string(m.Data) != `{"n":1}` || m.Size() != len(want) {
		t.Errorf("encoded %s, data %s", got, m.Data)
	}
	m = &Message{Channel: "c", ID: "e-1", Binary: true, Data: []byte(`"AP8="`)}
	if got := string(m.JSON()); got != `{"channel":"c","id":"e-1","sent_us":0,"data_b64":"AP8="}` {
		t.Errorf("got %s", got)
	}
}

func FuzzPublish(f *testing.F) {
	f.Add("application/json", []byte(`{"a": [1.0, "\u2028</script>"]}`), "c")
	f.Add("text/plain; charset=utf-8", []byte("a\r\nb\x00\u2029"), "a\nb")
	f.Add("application/octet-stream", []byte{0xff, 0}, "<!--")
	f.Add("", []byte(nil), "\"\\")
	f.Fuzz(func(t *testing.T, kind string, body []byte, channel string) {
		data, binary, err := EncodeBody(kind, body)
		if err != nil || !utf8.ValidString(channel) {
			return
		}
		m := &Message{Channel: channel, ID: "e-1", Data: data, Binary: binary}
		m.encode()
		line := m.JSON()
		if bytes.ContainsAny(line, "\r\n\x00") || !utf8.Valid(line) {
			t.Fatalf("%q cannot stand on a line", line)
		}
		var got struct {
			Channel string          `json:"channel"`
			Data    json.RawMessage `json:"data"`
			B64     []byte          `json:"data_b64"`
		}
		if err := json.Unmarshal(line, &got); err != nil || got.Channel != channel {
			t.Fatalf("%q: %v", line, err)
		}
		switch {
		case binary && !bytes.Equal(got.B64, body):
			t.Errorf("%q came back as %q", body, got.B64)
		case binary && base64.StdEncoding.EncodedLen(len(body))+2 != len(data):
			t.Errorf("%d bytes became %d", len(body), len(data))
		case !binary && strings.HasPrefix(strings.ToLower(kind), "text/plain"):
			var text string
			if err := json.Unmarshal(got.Data, &text); err != nil || text != string(body) {
				t.Errorf("%q came back as %q (%v)", body, text, err)
			}
		}
		// In a script nothing may end it, and the value stays the same.
		for _, every := range []bool{false, true} {
			script := appendScriptJSON(nil, line, every)
			if bytes.Contains(script, []byte("</")) || bytes.Contains(script, []byte("<!--")) || bytes.ContainsAny(script, "\u2028\u2029") || (every && bytes.ContainsRune(script, '<')) {
				t.Errorf("script %q", script)
			}
			var a, b any
			if err := json.Unmarshal(script, &a); err != nil {
				t.Fatalf("script %q: %v", script, err)
			}
			_ = json.Unmarshal(line, &b)
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			if !bytes.Equal(x, y) {
				t.Errorf("escaping changed %s into %s", y, x)
			}
		}
	})
}

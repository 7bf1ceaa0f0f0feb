package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
)

// specFile writes a spec and returns its name.
func specFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// load reads a spec from a text.
func load(t *testing.T, text string) (*app.Spec, error) {
	t.Helper()
	return app.Load(specFile(t, text))
}

func TestLoad(t *testing.T) {
	t.Setenv("APP_TOKEN", "t0ken")
	t.Setenv("APP_WHO", "ada")
	s, err := load(t, "\xEF\xBB\xBF"+`# an endpoint
url: https://app.example/chat/${APP_WHO}?x=1
method: PUT
headers:
  Authorization: "Bearer ${APP_TOKEN}"
  X-Plain: 'yes'
cookies: {session: "${APP_WHO}-${APP_TOKEN}"}
body: {prompt: "hello ${APP_WHO}", stream: true, n: 3, list: ["${APP_WHO}", 1.5, null]}
framing: sse
sequence: /n
sent: /meta/t
end: "[DONE]"
expect: {messages: 50, first_within: 2s, gap_within: 1m}
budget: {requests: 20}
duration: 250ms
`)
	if err != nil {
		t.Fatal(err)
	}
	if s.URL != "https://app.example/chat/ada?x=1" || s.Framing != "sse" || s.Sequence != "/n" || s.Sent != "/meta/t" || s.End != "[DONE]" {
		t.Errorf("%+v", s)
	}
	if s.Expect != (app.Expect{Messages: 50, FirstWithin: app.Duration(2 * time.Second), GapWithin: app.Duration(time.Minute)}) || s.Budget.Requests != 20 || time.Duration(s.Duration) != 250*time.Millisecond {
		t.Errorf("%+v", s)
	}
	target, err := s.Target("http://127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	if target.Method != "PUT" || target.URL != "http://127.0.0.1:1/x" || string(target.Body) != `{"list":["ada",1.5,null],"n":3,"prompt":"hello ada","stream":true}` {
		t.Errorf("%+v %s", target, target.Body)
	}
	for name, want := range map[string]string{"Authorization": "Bearer t0ken", "X-Plain": "yes", "Cookie": "session=ada-t0ken", "Content-Type": "application/json"} {
		if got := target.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestLoadDefaults: what is not said.
func TestLoadDefaults(t *testing.T) {
	for text, want := range map[string]struct{ method, framing, url, contentType, body string }{
		"url: http://h/":                                           {"", "", "http://h/", "", ""},
		"url: http://h/\nbody: 'plain'":                            {"POST", "", "http://h/", "", "plain"},
		"url: http://h/\nbody: [1]":                                {"POST", "", "http://h/", "application/json", "[1]"},
		"url: http://h/\nbody: 7\nheaders: {content-type: text/x}": {"POST", "", "http://h/", "text/x", "7"},
		"url: ws://h/socket":                                       {"", "websocket", "http://h/socket", "", ""},
		"url: wss://h/socket\nframing: websocket":                  {"", "websocket", "https://h/socket", "", ""},
	} {
		s, err := load(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		target, err := s.Target(s.URL)
		if err != nil || target.Method != want.method || s.Framing != want.framing || s.URL != want.url || string(target.Body) != want.body || target.Header.Get("Content-Type") != want.contentType {
			t.Errorf("%q: %+v %+v %v", text, s, target, err)
		}
		if time.Duration(s.Duration) != app.DefaultDuration {
			t.Errorf("%q: duration %v", text, s.Duration)
		}
	}
}

// TestLoadMistakes: each is one line that names the place and what to write.
func TestLoadMistakes(t *testing.T) {
	const url = "url: http://app.example/x\n"
	for text, want := range map[string]string{
		"":                                  "app.yaml: empty file",
		"# nothing\n":                       "app.yaml: empty file",
		"- a\n":                             "app.yaml:1:1: sequence",
		"text":                              "app.yaml:1:1: string",
		"method: GET\n":                     "app.yaml: url is missing",
		"url: ftp://h/\n":                   `app.yaml:1:6: url "ftp://h/": want http`,
		"url: /x\n":                         "app.yaml:1:6: ",
		"url: \"http://h/%zz\"\n":           `app.yaml:1:6: url "http://h/%zz" is none: invalid URL escape`,
		url + "framming: sse\n":             `app.yaml:2:1: unknown field "framming"; did you mean "framing"?`,
		url + "expect: {first_witin: 2s}\n": `app.yaml:2:10: unknown field "first_witin"; did you mean "first_within"?`,
		url + "colour: red\n":               `app.yaml:2:1: unknown field "colour"`,
		url + url:                           `app.yaml:2:1: mapping key "url" already defined`,
		url + "framing: morse\n":            `app.yaml:2:10: framing "morse": want one of sse, ndjson`,
		url + "duration: fast\n":            `app.yaml:2:11: "fast" is no duration; write it as 250ms`,
		url + "expect:\n  gap_within: 2\n":  `app.yaml:3:15: "2" is no duration`,
		url + "duration: -1s\n":             "app.yaml:2:11: duration cannot be negative",
		url + "expect: {messages: many}\n":  "app.yaml:2:20: want a whole number",
		url + "expect: {messages: -1}\n":    "app.yaml:2:20: expect.messages is a count",
		url + "budget: {requests: -1}\n":    "app.yaml:2:20: budget.requests is a count",
		url + "budget: {requests: 99999999999999999999}\n": "app.yaml:2:20: the number is too large",
		url + "budget: 20\n":                                              "app.yaml:2:9: ",
		url + "headers: {A: [1, 2]}\n":                                    "app.yaml:2:14: want a text",
		url + "headers: [1]\n":                                            "app.yaml:2:10: ",
		url + "headers: {\"a b\": x}\n":                                   `app.yaml:2:18: header "a b"`,
		url + "headers: {A: \"x\\ny\"}\n":                                 `app.yaml:2:14: header "A"`,
		url + "cookies: {a: \"x;y\"}\n":                                   `app.yaml:2:14: cookie "a"`,
		url + "method: \"GE T\"\n":                                        `app.yaml:2:9: method "GE T"`,
		url + "sequence: n\n":                                             `app.yaml:2:11: sequence "n": want a JSON pointer`,
		url + "sent: t\n":                                                 `app.yaml:2:7: sent "t": want a JSON pointer`,
		url + "framing: websocket\nbody: x\n":                             "app.yaml:3:7: framing websocket is opened",
		url + "framing: websocket\nmethod: POST\n":                        "app.yaml:3:9: framing websocket is opened by GET",
		"url: ws://h/\nframing: sse\n":                                    "app.yaml:2:10: url",
		url + "\tframing: sse\n":                                          "app.yaml:2:1: ",
		url + "body: \"x\n":                                               "app.yaml:2:7: ",
		url + "headers: {A: ${APP_NOBODY}}\n":                             `quote values with ${NAME} in them`,
		url + "headers:\n  A: \"${APP_NOBODY}\"\n":                        "app.yaml:3:6: ${APP_NOBODY} is not set in the environment; export APP_NOBODY first",
		url + "body: {a: {b: \"x${APP_NOBODY}\"}}\n":                      "app.yaml:2:15: ${APP_NOBODY} is not set",
		url + "body: [\"${APP_EMPTY}\"]\n":                                "${APP_EMPTY} is not set",
		"url: http://h/${APP_NOBODY}\n":                                   "app.yaml:1:6: ${APP_NOBODY} is not set",
		url + "---\n" + url:                                               "app.yaml: it holds more than one document",
		url + "ca: nobody.pem\n":                                          "app.yaml:2:5: open ",
		url + "ca: app.yaml\n":                                            "app.yaml:2:5: app.yaml holds no certificate",
		url + "client_certificate: {cert: nobody.pem, key: nobody.pem}\n": "app.yaml:2:21: open ",
		url + "client_certificate: {cert: x.pem}\n":                       "app.yaml:2:21: it needs both cert and key",
		url + "# " + strings.Repeat("x", 1<<20):                           "is larger than 1048576 bytes",
	} {
		t.Setenv("APP_EMPTY", "")
		_, err := load(t, text)
		if err == nil {
			t.Errorf("%.80q is read", text)
			continue
		}
		if said := err.Error(); !strings.Contains(said, want) || strings.ContainsAny(said, "\n\t") {
			t.Errorf("%.80q: %q, want %q", text, said, want)
		}
	}
	if _, err := app.Load(filepath.Join(t.TempDir(), "none.yaml")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := app.Load(t.TempDir()); err == nil {
		t.Error("a directory is read")
	}
}

// TestSpecFields: a field that nobody can write, or that is read and thrown
// away, is a mistake here.
func TestSpecFields(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[app.Spec](), reflect.TypeFor[app.Expect](), reflect.TypeFor[app.Limits](), reflect.TypeFor[app.Certificate]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() && f.Tag.Get("yaml") == "" {
				t.Errorf("%s.%s has no name in a file", typ.Name(), f.Name)
			}
		}
	}
}

func TestAt(t *testing.T) {
	for _, tt := range []struct{ own, base, want string }{
		{"http://app.example/a%2Fb?x=1&y=%20", "http://127.0.0.1:9", "http://127.0.0.1:9/a%2Fb?x=1&y=%20"},
		{"http://user:pass@app.example/a", "http://127.0.0.1:9", "http://127.0.0.1:9/a"},
		{"https://app.example", "http://127.0.0.1:9", "http://127.0.0.1:9"},
		{"http://app.example/a?x=1", "https://cdn.example/", "https://cdn.example/a?x=1"},
		{"http://app.example/a?x=1", "https://cdn.example/prefix/a?z=2", "https://cdn.example/prefix/a?z=2"},
		{"http://app.example/a", "https://user@cdn.example:8443", "https://user@cdn.example:8443/a"},
	} {
		s, err := app.FromURL(tt.own)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.At(mustParse(t, tt.base)); got != tt.want {
			t.Errorf("%s at %s is %s, want %s", tt.own, tt.base, got, tt.want)
		}
	}
}

// TestUserInURL: credentials of the URL reach the endpoint at any address, and
// give way to those that are spelled out.
func TestUserInURL(t *testing.T) {
	s, err := app.FromURL("http://ada:pass@app.example/a")
	if err != nil {
		t.Fatal(err)
	}
	target, _ := s.Target("http://127.0.0.1/")
	if got := target.Header.Get("Authorization"); got != "Basic YWRhOnBhc3M=" {
		t.Errorf("%q", got)
	}
	s.Headers = map[string]string{"authorization": "Bearer x"}
	target, _ = s.Target("http://127.0.0.1/")
	if got := target.Header.Get("Authorization"); got != "Bearer x" {
		t.Errorf("%q", got)
	}
}

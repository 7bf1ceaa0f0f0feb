package app_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/app"
)

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestRedact: a secret is not found again in any form in which somebody may
// repeat it, and what is no secret stays.
func TestRedact(t *testing.T) {
	const secret = `s3cr&t/"+<é> \end`
	t.Setenv("APP_SECRET_A", secret)
	t.Setenv("APP_SECRET_B", "sesame-open-sesame")
	t.Setenv("APP_SECRET_C", "sesame") // a part of B
	t.Setenv("APP_N", "12")            // no secret is so short
	s, err := load(t, `url: "http://h/x?n=${APP_N}"
headers: {X-A: "${APP_SECRET_A}", X-Auth-B: "b ${APP_SECRET_B}", X-C: "${APP_SECRET_C}", Authorization: "Bearer in-the-open", Cookie: "a=b; session=spelled-out"}
cookies: {id: also-open}
body: {api_key: body-key-value, prompt: a harmless text}
`)
	if err != nil {
		t.Fatal(err)
	}
	escaped, _ := json.Marshal(secret)
	for name, form := range map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "lower": strings.ToLower(url.QueryEscape(secret)),
		"JSON": string(escaped), "quoted": strconv.Quote(secret), "HTML": html.EscapeString(secret), "base64": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if got := s.Redact("before " + form + " behind"); !strings.Contains(got, "before ") || !strings.Contains(got, "${APP_SECRET_A}") || !strings.HasSuffix(got, " behind") || strings.Contains(got, "s3cr") {
			t.Errorf("%s: %q", name, got)
		}
	}
	for text, want := range map[string]string{
		"you said sesame-open-sesame":             "you said ${APP_SECRET_B}",
		"you said sesame":                         "you said ${APP_SECRET_C}",
		"twice: sesame sesame-open-sesame":        "twice: ${APP_SECRET_C} ${APP_SECRET_B}",
		"status 412, 12 messages":                 "status 412, 12 messages",
		"wrong token in-the-open":                 "wrong token xxxxx",
		"Bearer in-the-open":                      "xxxxx",
		"b sesame-open-sesame":                    "b ${APP_SECRET_B}",
		"sesame-open, sesame":                     "${APP_SECRET_C}-open, ${APP_SECRET_C}",
		"session spelled-out, id also-open":       "session xxxxx, id xxxxx",
		"key body-key-value":                      "key xxxxx",
		"a harmless text":                         "a harmless text",
		"cut off: in-the-…":                       "cut off: xxxxx…",
		"cut off (in-the-o)":                      "cut off (xxxxx)",
		"cut off at the end: spelled":             "cut off at the end: xxxxx",
		"more than a beginning: in-the-ope… else": "more than a beginning: xxxxx… else",
		"another word: in-theory":                 "another word: in-theory",
	} {
		if got := s.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	// However an excerpt is cut, it shows no more than its first few letters.
	for n := range secret {
		if got := s.Redact("echo " + secret[:n]); strings.Contains(got, secret[:min(n, 6)]) && n >= 6 {
			t.Errorf("cut at %d: %q", n, got)
		}
	}
}

// TestRedactOfURL: what a URL on the command line hides is hidden wherever
// somebody repeats it.
func TestRedactOfURL(t *testing.T) {
	s, err := app.FromURL("http://ada:pa%2Fss@app.example/x?token=abc%20def&n=12&k=Zm9vYmFyYmF6cXV4MTIzNDU2")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Name(); got != "http://xxxxx@app.example/x?token=xxxxx&n=12&k=xxxxx" {
		t.Error(got)
	}
	for _, echo := range []string{"abc%20def", "abc def", "pa/ss", "pa%2Fss", "YWRhOnBhL3Nz", "Zm9vYmFyYmF6cXV4MTIzNDU2"} {
		if got := s.Redact("you asked with " + echo + "!"); got != "you asked with xxxxx!" {
			t.Errorf("%s: %q", echo, got)
		}
	}
}

func TestRedactURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h/x?n=3":                               "http://h/x?n=3",
		"http://h/x?n=3&token=abc":                     "http://h/x?n=3&token=xxxxx",
		"http://h/x?api%5Fkey=abc&y":                   "http://h/x?api%5Fkey=xxxxx&y",
		"http://h/x?access_token=a;b=c#id_token=d&e=f": "http://h/x?access_token=xxxxx;b=c#id_token=xxxxx&e=f",
		"http://user:pass@h/":                          "http://user:xxxxx@h/",
		"http://user:p@ss@h/":                          "http://user:xxxxx@h/",
		"http://user@h/":                               "http://user@h/",
		"https://ghp0123456789abcdefghij@h/":           "https://xxxxx@h/",
		"http://h/?q=0123456789abcdef0123456789abcdef": "http://h/?q=xxxxx",
		"http://h/?q=averylongwordwithoutanydigits":    "http://h/?q=averylongwordwithoutanydigits",
		"http://h/%zz?token=abc":                       "http://h/%zz?token=xxxxx", // not even a URL
		"http://h:port/?token=abc":                     "http://h:port/?token=xxxxx",
		"cdn=https://h/?sig=abc":                       "cdn=https://h/?sig=xxxxx",
		"--app=https://h/?sig=abc":                     "--app=https://h/?sig=xxxxx",
		"ws://h/?jwt=a.b.c":                            "ws://h/?jwt=xxxxx",
		"http://h/?token=":                             "http://h/?token=",
		"http://h/?max_tokens=1000&tokens=20":          "http://h/?max_tokens=1000&tokens=20",
		"http://h?token=abc":                           "http://h?token=xxxxx",
		"app.yaml":                                     "app.yaml",
		"fault:header(set=X,to=token=abc)":             "fault:header(set=X,to=token=abc)",
		"real:nginx@/etc/nginx.conf":                   "real:nginx@/etc/nginx.conf",
	} {
		if got := app.RedactURL(raw); got != want {
			t.Errorf("%s became %s, want %s", raw, got, want)
		}
	}
}

// TestErrorsTellNoSecrets: what cannot be read is quoted without what it hides.
func TestErrorsTellNoSecrets(t *testing.T) {
	t.Setenv("APP_SECRET_A", "open-sesame")
	for _, text := range []string{
		"url: ftp://h/?token=open-sesame\n", "url: \"http://h/%zz?token=open-sesame\"\n", "url: \"http://h:${APP_SECRET_A}/\"\n", "url: \"${APP_SECRET_A}\"\n",
		"url: \"http://u:open-sesame@[h/\"\n", "url: ws://h/?key=open-sesame\nframing: sse\n", "url: http://h/\nheaders: {A: \"${APP_SECRET_A}\\n\"}\n",
	} {
		_, err := load(t, text)
		if err == nil || strings.Contains(err.Error(), "open-sesame") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

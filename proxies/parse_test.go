package proxies

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for list, want := range map[string][]string{
		"":                    nil,
		" , ,":                nil,
		"direct":              {"direct"},
		"direct, transparent": {"direct", "transparent"},
		"fault:buffer(until=close,if=type:text/html),direct":            {"fault:buffer(until=close,if=type:text/html)", "direct"},
		"fault:buffer(bytes=4)&idle(5s)+transparent,nginx-default":      {"fault:buffer(bytes=4)&idle(5s)+transparent", "nginx-default"},
		`fault:header(set=A,to="x,y) z"),direct`:                        {`fault:header(set=A,to="x,y) z")`, "direct"},
		"forward:http://a:3128,direct":                                  {"forward:http://a:3128", "direct"},
		"forward:http://a:3128,forward:http://b:1/?x=1,2":               {"forward:http://a:3128", "forward:http://b:1/?x=1,2"},
		"forward:http://u,1:p+w@a:3128,direct":                          {"forward:http://u,1:p+w@a:3128", "direct"},
		"forward:http://a:3128,real:nginx@x@y.conf,direct":              {"forward:http://a:3128", "real:nginx@x@y.conf", "direct"},
		"reverse:https://cdn/a,b?x=1&y=2+3,transparent+direct":          {"reverse:https://cdn/a,b?x=1&y=2+3", "transparent+direct"},
		"reverse:https://cdn,typo":                                      {"reverse:https://cdn", "typo"},
		"real:nginx/streaming@./my,own+1.conf,real:haproxy":             {"real:nginx/streaming@./my,own+1.conf", "real:haproxy"},
		"./a,b.yaml,./c+d.yaml":                                         {"./a,b.yaml", "./c+d.yaml"},
		"/x/no ending,fault:mute":                                       {"/x/no ending", "fault:mute"},
		"a.yaml,b.yaml":                                                 {"a.yaml", "b.yaml"},
		"transparent+forward:http://a:1+b,direct":                       {"transparent+forward:http://a:1+b", "direct"},
		"direct,fault:buffer(bytes=4,nginx-default":                     {"direct", "fault:buffer(bytes=4,nginx-default"},
		"transparent+reverse:http://h/?a+b,fault:mute+./f+g.yml+direct": {"transparent+reverse:http://h/?a+b", "fault:mute+./f+g.yml+direct"},
	} {
		if got := Split(list); !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %q, want %q", list, got, want)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	real := func(spec string) (Proxy, error) { return &simulated{name: "real of " + spec}, nil }
	read := func(name string) ([]byte, error) { return []byte("name: mine\nfaults: [buffer(until=close)]\n"), nil }
	for spec, name := range map[string]string{
		"direct":                               "",
		"transparent":                          "",
		"nginx-default":                        "",
		"./mine.yaml":                          "",
		"mine.yml":                             "",
		"fault:mute":                           "",
		"fault: buffer( bytes = 4k ) & idle":   "",
		"fault:buffer()&mute":                  "error",
		"fault:latency(by=1.5s)":               "",
		"forward:http://user:p@h:3128":         "forward:http://user:***@h:3128",
		"reverse:https://cdn.example/app":      "",
		"real:nginx/streaming":                 "real of real:nginx/streaming",
		"transparent+nginx-default+fault:mute": "",
		" transparent ":                        "transparent",
	} {
		p, err := Parse(spec, ParseOptions{Real: real, ReadFile: read})
		if name == "error" {
			if err == nil {
				t.Errorf("%s: no error", spec)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		if name == "" {
			name = spec
		}
		if p.Name() != name {
			t.Errorf("%s: name %q", spec, p.Name())
		}
	}
}

func TestParseRejects(t *testing.T) {
	for spec, want := range map[string]string{
		"":                                      "empty",
		"direct,transparent":                    "list of 2",
		"ngnix-default":                         "did you mean nginx-default?",
		"transparant":                           "did you mean transparent?",
		"Fault:mute":                            "unknown proxy",
		"fault:":                                "unknown fault",
		"fault:bufer(bytes=1)":                  "did you mean buffer?",
		"fault:mute&":                           "unknown fault",
		"fault:buffer(bytes=4k":                 "parentheses",
		"fault:buffer(bytes=4k))":               "parentheses",
		"fault:buffer(byte=4k)":                 "did you mean bytes?",
		"fault:buffer(bytes=x)":                 "want a size",
		"fault:buffer(bytes=0)":                 "at least 1",
		"fault:buffer(bytes=9999999999999G)":    "too large",
		"fault:buffer(every=5)":                 "want a duration",
		"fault:buffer(every=-5s)":               "above 0",
		"fault:buffer(until=close,until=close)": "given twice",
		"fault:buffer(4k)":                      "want one of close",
		"fault:mute(maybe)":                     "want one of pass, drop",
		"fault:hold-last(x)":                    "needs a name before it",
		"fault:idle(5s,if=typ:text/html)":       "did you mean type?",
		"fault:idle(5s,if=type)":                "KEY:VALUE",
		"fault:idle(5s,if=chance:2)":            "from 0 to 1",
		"fault:idle(5s,if=chance:NaN)":          "from 0 to 1",
		"fault:idle(5s,if=first:0)":             "first:COUNT",
		"fault:idle(5s,if=size:big)":            "size:BYTES",
		"fault:upgrade(if=type:text/html)":      "only known from the response",
		"fault:upgrade(mode=strp)":              "did you mean strip?",
		"fault:first-byte(status=42)":           "200 to 599",
		`fault:header(strip="a)`:                "parentheses",
		`fault:header(strip=a"b")`:              "quotes must go around",
		"fault:header(set=A)":                   "with to=VALUE",
		"fault:header(A,to=b)":                  "with to=VALUE",
		"fault:header(add=A,set=B,to=b)":        "with to=VALUE",
		"forward:h:3128":                        "want http://",
		"forward:ftp://h":                       "want http://",
		"real:nginx":                            "not available here",
		"+":                                     "a hop is missing",
		"transparent+":                          "a hop is missing",
		"direct+transparent":                    "no hop",
		"reverse:http://a+transparent":          "nothing can stand behind",
		"forward:http://a+forward:http://b":     "cannot be made to use",
		"./nowhere.yaml":                        "read preset",
	} {
		_, err := Parse(spec, ParseOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", spec, err, want)
		}
	}
	var unknown *UnknownNameError
	if _, err := Parse("fault:idel", ParseOptions{}); !errors.As(err, &unknown) || unknown.Kind != "fault" || unknown.Nearest != "idle" {
		t.Errorf("%#v", unknown)
	}
	if _, err := Parse("./nowhere.yaml", ParseOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestPresetFiles(t *testing.T) {
	for text, want := range map[string]string{
		"name: x\nfaults:\n  - buffer(until=close)\n  - bufer(bytes=4)\n": `my.yaml:4:5: unknown fault "bufer"; did you mean buffer?`,
		"name: x\nfault:\n  - mute\n":                                     "my.yaml:2:1: unknown field \"fault\"",
		"name: x\nname: y\n":                                              "my.yaml:2:1: ",
		"name: x\nfaults: mute\n":                                         "my.yaml:2:9: ",
		"name: x\nfaults: [[mute]]\n":                                     "my.yaml:",
		"name: [\n":                                                       "my.yaml:",
		"faults: [mute]\n":                                                "my.yaml: name is missing",
		"":                                                                "my.yaml: empty file",
		"name: x\nmodes: [sideways]\n":                                    `my.yaml: mode "sideways"`,
		"name: x\ncertainty: sure\n":                                      `my.yaml: certainty "sure"`,
		"name: x\nmodes: [tcp]\nfaults: [http10]\n":                       "cannot act in tcp mode",
	} {
		read := func(string) ([]byte, error) { return []byte(text), nil }
		_, err := Parse("my.yaml", ParseOptions{ReadFile: read})
		if err == nil || !strings.HasPrefix(err.Error(), want) && !strings.Contains(want+err.Error(), "cannot act in tcp") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestFaultTable(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Faults() {
		if f.Name == "" || f.Means == "" || f.Source == "" || f.New == nil || seen[f.Name] {
			t.Errorf("fault %q: name, means, source and New are wanted, once", f.Name)
		}
		seen[f.Name] = true
		mains := 0
		for _, p := range f.Params {
			if p.Main {
				mains++
			}
			if p.Means == "" {
				t.Errorf("fault %s: %s means nothing", f.Name, p.Name)
			}
			if (p.Type == Duration) != (p.Time != "") {
				t.Errorf("fault %s: %s: durations, and only they, are wire or policy time", f.Name, p.Name)
			}
		}
		if mains > 1 {
			t.Errorf("fault %s has %d main parameters", f.Name, mains)
		}
		for _, p := range f.Provokes {
			if _, err := Parse("fault:"+p.Spec, ParseOptions{}); err != nil {
				t.Errorf("fault %s, cause %s: %v", f.Name, p.Cause, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"direct,transparent", "fault:buffer(bytes=4096,if=type:text/html)&idle(5s)+nginx-default", "forward:http://u:p@h:3128/,x",
		`fault:header(set=A,to="x\",y")`, "real:nginx/streaming@a,b.conf", "reverse:https://h/?a+b", "./f.yaml+direct", "fault:a(((", "fault:gzip(block=1G)",
	} {
		f.Add(seed)
	}
	read := func(string) ([]byte, error) { return []byte("name: x\n"), nil }
	f.Fuzz(func(t *testing.T, text string) {
		for _, spec := range Split(text) {
			if again := Split(spec); len(again) != 1 || again[0] != spec {
				t.Errorf("Split(%q) = %q", spec, again)
			}
			p, err := Parse(spec, ParseOptions{ReadFile: read})
			if err != nil {
				if strings.ContainsAny(err.Error(), "\r\n") {
					t.Errorf("%q: an error of several lines: %q", spec, err)
				}
				continue
			}
			if p.Name() != MaskPasswords(spec) {
				t.Errorf("%q is called %q", spec, p.Name())
			}
			if len(p.Capabilities().Modes) == 0 {
				t.Errorf("%q has no mode", spec)
			}
		}
	})
}

func FuzzPreset(f *testing.F) {
	f.Add([]byte("name: x\nfaults:\n  - mute\n"))
	f.Add([]byte("name: [\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePreset("f", data)
		if err == nil && p.Name == "" {
			t.Error("a preset without a name")
		}
	})
}

func TestDirect(t *testing.T) {
	origin := mustURL("http://127.0.0.1:9")
	p, err := Parse("direct", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := p.Start(context.Background(), Env{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	if r := inst.Route(); r.Proxy != nil || r.Base.String() != origin.String() {
		t.Errorf("route %v", r)
	}
	if s := inst.Stats(); s.Hits != -1 {
		t.Errorf("stats %+v", s)
	}
	if err := inst.Close(); err != nil {
		t.Error(err)
	}
}

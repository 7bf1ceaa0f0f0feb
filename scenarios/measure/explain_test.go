package measure_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestEveryCauseIsExplained(t *testing.T) {
	var explained []string
	for _, e := range measure.Explanations() {
		explained = append(explained, e.Cause)
		if e.Symptom == "" || len(e.Picture) == 0 || e.Curl == "" || e.Application == "" {
			t.Errorf("%s is explained in part only: %+v", e.Cause, e)
		}
		for _, line := range e.Picture {
			if n := len([]rune(line)); n > 78 {
				t.Errorf("%s: a line of the picture has %d columns", e.Cause, n)
			}
		}
	}
	for _, c := range measure.Causes() {
		if !slices.Contains(explained, c.ID) {
			t.Errorf("%s is not explained", c.ID)
		}
	}
	if len(explained) != len(measure.Causes()) {
		t.Errorf("%d explanations for %d causes", len(explained), len(measure.Causes()))
	}
}

func TestFixesNameCausesAndChangeSomething(t *testing.T) {
	for _, f := range measure.Fixes() {
		for _, c := range f.Causes {
			if _, ok := measure.CauseByID(c); !ok {
				t.Errorf("%s has a fix for %q, which is no cause", f.Program, c)
			}
		}
		if len(f.Lines)+len(f.Tail)+len(f.Inline) == 0 && (f.Instead == "" || f.Without == "") {
			t.Errorf("%s: a fix for %v that changes nothing, or does not say what", f.Program, f.Causes)
		}
	}
}

func TestFixApply(t *testing.T) {
	fix, ok := measure.FixFor("buffered", "real:nginx@project.conf")
	if !ok {
		t.Fatal("nginx has no fix for buffered")
	}
	conf := "http {\n    server {\n        location / {\n            proxy_pass http://app;\n            proxy_buffering on;\n        }\n    }\n}\n"
	got, ok := fix.Apply(conf)
	want := "http {\n    server {\n        location / {\n            proxy_pass http://app;\n            proxy_buffering off;\n        }\n    }\n}\n"
	if !ok || got != want {
		t.Errorf("applied %v:\n%s", ok, got)
	}
	if _, ok := fix.Apply("events {}\n"); ok {
		t.Error("a fix was applied where it has no place")
	}
}

// What a comment says is no directive.
func TestFixApplySkipsComments(t *testing.T) {
	fix, ok := measure.FixFor("hold-timer", "real:caddy")
	if !ok {
		t.Fatal("caddy has no fix for it")
	}
	got, ok := fix.Apply("# a reverse_proxy alone\n:80 {\n\treverse_proxy app:8080\n}\n")
	if want := "# a reverse_proxy alone\n:80 {\n\treverse_proxy app:8080 {\n\tflush_interval -1\n\t}\n}\n"; !ok || got != want {
		t.Errorf("applied %v:\n%s", ok, got)
	}
	if _, ok := fix.Apply("# a reverse_proxy alone\n:80 {\n}\n"); ok {
		t.Error("applied to a comment")
	}
}

// An option can go into the middle of a line.
func TestFixApplyInsideALine(t *testing.T) {
	fix, ok := measure.FixFor("client-abort-not-propagated", "real:lighttpd")
	if !ok {
		t.Fatal("lighttpd has no fix for it")
	}
	got, ok := fix.Apply("proxy.server = ( \"\" => ( ( \"host\" => \"10.0.0.1\", \"port\" => 8080 ) ) )\n")
	if want := "proxy.server = ( \"\" => ( ( \"host\" => \"10.0.0.1\", \"port\" => 8080, \"tcp-fin-propagate\" => \"enable\" ) ) )\n"; !ok || got != want {
		t.Errorf("applied %v:\n%s", ok, got)
	}
}

func TestFixForFindsTheProgram(t *testing.T) {
	for proxy, program := range map[string]string{
		"real:nginx": "nginx", "real:nginx/streaming": "nginx", "real:nginx@/etc/x/my.conf": "nginx", "nginx-default": "nginx",
		"transparent+nginx-default": "nginx", "direct": "",
	} {
		fix, ok := measure.FixFor("buffer-until-close", proxy)
		if ok != (program != "") || fix.Program != program {
			t.Errorf("%s: fix of %q, %v", proxy, fix.Program, ok)
		}
	}
	if advice := measure.AdviceFor("buffered", "real:nginx"); !strings.Contains(advice, "proxy_buffering off;") {
		t.Errorf("advice %q", advice)
	}
}

package reports

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestRepeatCommand(t *testing.T) {
	eventsource := measure.Labels{Technique: "eventsource", Proxy: "fault:buffer(until=close)&idle(after=60s)", Client: "go", HTTP: "2", TLS: true}
	variant := func(v string) measure.Labels {
		return measure.Labels{Technique: "eventsource", Proxy: "squid", Client: "go", HTTP: "1.1", Variant: v}
	}
	const squid = "cometbench run --technique eventsource --proxy squid --client go "
	for _, c := range []struct {
		name    string
		labels  measure.Labels
		hop     int
		repeat  int
		command []string
		want    string
	}{
		{"what a suite and an origin say", eventsource, 0, 0,
			[]string{"cometbench", "run", "--proxy=a,b", "--suite", "my suite.yaml", "--origin-token=s3cret", "--origin", "http://x", "--out", "d", "--check"},
			`cometbench run --technique eventsource --proxy 'fault:buffer(until=close)&idle(after=60s)' --client go --http 2 --tls` +
				` --time-scale 0.01 --seed 42 --suite 'my suite.yaml' --origin-token TOKEN --origin http://x`},
		{"another form", variant("post"), 0, 0, []string{"cometbench", "run", "--proxy", "squid", "--variant", "post"}, squid + "--variant post --time-scale 0.01 --seed 42"},
		{"a forward proxy", variant("forward"), 0, 0, []string{"cometbench", "run", "--proxy", "squid"}, squid + "--mode forward --time-scale 0.01 --seed 42"},
		{"both", variant("forward+prelude4096"), 0, 5, []string{"cometbench", "run", "--client=go"}, squid + "--mode forward --variant prelude4096 --time-scale 0.01 --seed 42 --repeat 5"},
		{"the usual matrix", variant(""), 0, 0, []string{"cometbench", "run", "--quiet"}, squid + "--time-scale 0.01 --seed 42 --suite default"},
		{"an application", measure.Labels{Technique: measure.AppTechnique, Proxy: "real:nginx", Client: "go"}, 0, 0, []string{"cometbench", "run", "--app", "my app.yaml", "--proxy", "real:nginx"},
			`cometbench run --proxy real:nginx --seed 42 --app 'my app.yaml'`},
		{"paths to one", measure.Labels{Technique: measure.AppTechnique, Proxy: "cdn", Client: "go"}, 2, 0, []string{"cometbench", "run", "--via", "direct=http://a", "--via=cdn=https://b"},
			`cometbench run --seed 42 --via direct=http://a --via cdn=https://b`},
	} {
		rec := runRecord("r")
		rec.Command, rec.Repeat = c.command, c.repeat
		one := &cell{run: &measure.Run{Record: rec}}
		one.Labels, one.Hop = c.labels, c.hop
		if got := repeatCommand(one); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
		if got := commandLine(rec.Command); strings.Contains(got, "s3cret") {
			t.Errorf("the token is in %s", got)
		}
	}
}

func TestShellQuote(t *testing.T) {
	words := []string{"", "plain", "a b", "it's", `back\slash`, `$(id)`, "`id`", "*", "~", "a&b;c|d", "!x", "\"q\"", "line\nend", "esc\x1b'\\[1m", "\xff", "über", "#c"}
	for _, w := range words {
		if q := shellQuote(w); strings.ContainsFunc(q, hidden) {
			t.Errorf("%q shows hidden characters", q)
		}
	}
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed; nothing reads the words back")
	}
	for _, w := range words {
		out, err := exec.Command(shell, "-c", "printf %s "+shellQuote(w)).Output()
		if err != nil || string(out) != w {
			t.Errorf("%q became %q (%v)", w, out, err)
		}
	}
}

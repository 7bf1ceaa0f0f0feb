package suite_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

// known are names for tests; proxies are as in the program, without arguments.
func known() suite.Known {
	return suite.Known{
		Checks:  []string{"opening/connect", "delivery/first", "delivery/steady", "delivery/burst", "delivery/idle", "delivery/demo", "counting/connections", "opening/fallback"},
		Clients: []string{"go", "chromium", "model:ie9", "cometd", "faye", "sockjs-client"},
		Claims:  []string{"polling-cost"},
		Proxy: func(spec string) error {
			kind, _, found := strings.Cut(spec, ":")
			plain := slices.Contains(plainProxies, spec) || strings.ContainsAny(spec, "*?[")
			if !plain && !(found && slices.Contains([]string{"fault", "real", "forward", "reverse"}, kind)) && !strings.HasSuffix(spec, ".yaml") {
				return errors.New("unknown proxy " + spec)
			}
			return nil
		},
	}
}

// plainProxies are the names without a kind, those of presets among them.
var plainProxies = func() []string {
	names := []string{"direct", "transparent"}
	presets, _ := filepath.Glob("../../proxies/presets/*.yaml")
	for _, file := range presets {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}()

func parse(t *testing.T, text string) *suite.Suite {
	t.Helper()
	s, err := suite.Parse("test.yaml", []byte(text), known())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	s := parse(t, `
name: everything
means: all keys once
matrix:
  techniques: [eventsource, "*-poll"]
  proxies: &paths
    - direct
    - fault:buffer(until=close)
  clients: go
  http: [1.0, "1.1", 2]
  tls: true
  variants: post
  modes: [reverse, forward]
  checks: [delivery/*]
include:
  - {clients: chromium, proxies: *paths, tier: thorough}
exclude:
  - {technique: eventsource, proxy: "fault:*"}
  - check: delivery/first
    client: [chromium]
thresholds: {prompt: 100ms, late: 1s}
time_scale: 0.1
max_wait: 8s
repeat: 5
parallel: 12
seed: 0
expect:
  - {verdict: works}
  - technique: eventsource
    verdict: [broken, degraded]
    cause: buffered
fail_on: degraded
baseline: {file: base.jsonl, percent: 30, least: 10ms, alpha: 0.01}
`)
	if s.Name != "everything" || !s.TLS || s.TimeScale != .1 || s.MaxWait != 8*time.Second || s.Repeat != 5 || s.Parallel != 12 || s.Seed == nil || *s.Seed != 0 {
		t.Errorf("settings: %+v", s)
	}
	if want := (measure.Thresholds{Prompt: 100 * time.Millisecond, Late: time.Second}); s.Thresholds != want {
		t.Errorf("thresholds %+v", s.Thresholds)
	}
	if want := (measure.LatencyThresholds{Alpha: .01, Percent: 30, Least: 10 * time.Millisecond}); s.Latency != want || s.Baseline != "base.jsonl" || s.FailOn != "degraded" {
		t.Errorf("gates %+v %q %q", s.Latency, s.Baseline, s.FailOn)
	}
	blocks := s.Blocks()
	if len(blocks) != 2 || !slices.Equal(blocks[0].HTTP, []string{"1.0", "1.1", "2"}) || !slices.Equal(blocks[0].Clients, []string{"go"}) {
		t.Errorf("blocks %+v", blocks)
	}
	if b := blocks[1]; !slices.Equal(b.Proxies, blocks[0].Proxies) || !slices.Equal(b.Techniques, blocks[0].Techniques) || b.Checks != nil || b.Tier != "thorough" {
		t.Errorf("the included block is %+v", b)
	}
	es := measure.Labels{Technique: "eventsource", Proxy: "fault:buffer(until=close)", Client: "chromium", HTTP: "1.1"}
	lp := es
	lp.Technique = "long-poll"
	if !s.Excludes(es) || s.Excludes(lp) || !s.ExcludesCheck(lp, "delivery/first") || s.ExcludesCheck(lp, "delivery/steady") {
		t.Error("exclusions")
	}
	if e := s.Expect[1]; e.Line != 29 || e.Cause != "buffered" || len(e.Verdicts) != 2 {
		t.Errorf("expectation %+v", e)
	}
}

// mistakes are suites that are wrong, with the message after the file's name.
// bySchema says whether the schema can see it as well.
var mistakes = []struct {
	name, text, want string
	schemaToo        bool
}{
	{"unknown key", "matrix: {techniqes: [eventsource]}", `1:10: unknown key "techniqes"; did you mean "techniques"?`, true},
	{"unknown key at the top", "matrix: {}\nrepeats: 3", `2:1: unknown key "repeats"; did you mean "repeat"?`, true},
	{"technique", "matrix:\n  techniques: [eventsource, eventsorce]", `2:29: unknown technique "eventsorce"; did you mean "eventsource"?`, true},
	{"technique that is none", "matrix: {techniques: telepathy}", `1:22: unknown technique "telepathy"; there are short-poll,`, true},
	{"client", "matrix: {clients: [chromum]}", `1:20: unknown client "chromum"; did you mean "chromium"?`, true},
	{"check", "matrix:\n  checks:\n    - delivery/stedy", `3:7: unknown check "delivery/stedy"; did you mean "delivery/steady"?`, true},
	{"check without its axis", "matrix: {checks: steady}", `1:18: unknown check "steady"; did you mean "delivery/steady"?`, true},
	{"proxy", "matrix: {proxies: [nginx-defualt]}", `1:20: unknown proxy nginx-defualt`, true},
	{"http", "matrix: {http: [1.2]}", `1:17: http "1.2": want 1.0, 1.1, 2, 3`, true},
	{"http as text", "matrix: {http: '4'}", `1:16: http "4": want`, true},
	{"variant", "matrix: {variants: [pots]}", `1:21: unknown variant "pots"; did you mean "post"?`, true},
	{"mode", "matrix: {modes: [forwards]}", `1:18: unknown mode "forwards"; did you mean "forward"?`, true},
	{"tier", "matrix: {tier: quik}", `1:16: unknown tier "quik"; did you mean "quick"?`, true},
	{"tier and checks", "matrix: {checks: [delivery/first], tier: quick}", `1:9: matrix: checks names what is asked`, true},
	{"tls in a block", "include: [{tls: true}]", `1:12: unknown key "tls"`, true},
	{"tls", "matrix: {tls: 1}", `1:15: tls: want true or false`, true},
	{"matrix", "matrix: [direct]", `1:9: matrix: want a mapping`, true},
	{"include", "include: {clients: go}", `include: want a list`, true},
	{"empty list", "matrix: {techniques: []}", `1:22: technique: an empty list`, true},
	{"nested list", "matrix: {techniques: [[eventsource]]}", `technique: want a single value`, true},
	{"number for text", "name: 5", `1:7: name: want text, and 5 is none; put it in quotes`, true},
	{"prompt", "thresholds: {prompt: 250}", `1:22: prompt "250": want a duration above 0`, true},
	{"prompt 0", "thresholds: {prompt: 0ms}", `1:22: prompt "0ms": want a duration above 0`, true},
	{"time scale", "time_scale: 1.5", `1:13: time_scale "1.5": want a number from 0.001 to 1`, true},
	{"time scale as text", "time_scale: '0.5'", `1:13: time_scale "0.5": want a number`, true},
	{"max wait", "max_wait: soon", `1:11: max_wait "soon": want a duration`, true},
	{"repeat", "repeat: 0", `1:9: repeat "0": want a number from 1 to 100`, true},
	{"half a repeat", "repeat: 1.5", `1:9: repeat 1.5: want a whole number`, true},
	{"parallel", "parallel: 1000", `1:11: parallel "1000": want a number from 1 to 512`, true},
	{"seed", "seed: one", `1:7: seed "one": want a number`, true},
	{"expect without verdict", "expect:\n  - {technique: eventsource}", `2:5: expect: verdict is missing`, true},
	{"verdict", "expect: [{verdict: work}]", `1:20: unknown verdict "work"; did you mean "works"?`, true},
	{"cause", "expect: [{verdict: broken, cause: bufered}]", `1:35: unknown cause "bufered"; did you mean "buffered"?`, true},
	{"key of expect", "expect: [{techniques: eventsource, verdict: works}]", `1:11: unknown key "techniques"; did you mean "technique"?`, true},
	{"fail on", "fail_on: slow", `1:10: unknown fail_on "slow"; there are broken, degraded`, true},
	{"baseline without file", "baseline: {percent: 20}", `baseline: file is missing`, true},
	{"baseline percent", "baseline: {file: a, percent: 0}", `1:30: percent "0": want a number from 1 to 1000`, true},
	{"a list", "- eventsource", `1:1: a suite: want a mapping`, true},

	// What hangs on several values, on a glob's matches or on the file itself
	// is beyond a schema.
	{"late below prompt", "thresholds: {prompt: 3s}", `1:13: late (2s) is below prompt (3s)`, false},
	{"glob without a match", "matrix: {techniques: 'tele*'}", `1:22: technique pattern "tele*" matches nothing`, false},
	{"key twice", "repeat: 1\nrepeat: 2", `2:1: mapping key "repeat" already defined`, false},
	{"unknown alias", "matrix: {proxies: *paths}", `names nothing`, false},
	{"two documents", "repeat: 1\n---\nrepeat: 2", `3:1: a second document`, false},
	{"no YAML", "matrix: {", `1:9: `, false},
	{"empty", "# nothing\n", `empty file; cometbench init writes`, false},
}

func TestMistakesAreNamed(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := suite.Parse("test.yaml", []byte(m.text), known())
			if err == nil {
				t.Fatal("it was taken for a suite")
			}
			text := err.Error()
			if !strings.HasPrefix(text, "test.yaml:") || !strings.Contains(text, m.want) || strings.Contains(text, "\n") {
				t.Errorf("got  %q\nwant test.yaml:…%s, on one line", text, m.want)
			}
			var placed *suite.Error
			if !errors.As(err, &placed) || placed.Line == 0 && !strings.Contains(m.want, "empty file") {
				t.Errorf("%v has no place", err)
			}
		})
	}
}

func TestBuiltinsAndStartAreValid(t *testing.T) {
	if _, err := suite.Parse("start.yaml", suite.Start(), known()); err != nil {
		t.Error(err)
	}
	for _, b := range suite.Builtins() {
		s, err := suite.ByName(b.Name, known())
		switch {
		case b.Lacks != "":
			if err == nil || !strings.Contains(err.Error(), "not built yet") {
				t.Errorf("%s: %v, want that it is not built yet", b.Name, err)
			}
		case err != nil:
			t.Error(err)
		case s.Name != b.Name || s.Means == "" || b.Means == "":
			t.Errorf("%s calls itself %q, %q", b.Name, s.Name, s.Means)
		}
	}
	if _, err := suite.ByName("none", known()); err == nil {
		t.Error("a suite that is none was read")
	}
}

// The default suite names the techniques that are the default.
func TestDefaultTechniques(t *testing.T) {
	s, err := suite.ByName("default", known())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, tech := range measure.Techniques() {
		if tech.Default {
			want = append(want, tech.Name)
		}
	}
	if !slices.Equal(s.Matrix.Techniques, want) {
		t.Errorf("default has %v, want %v", s.Matrix.Techniques, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(suite.Start())
	for _, m := range mistakes {
		f.Add([]byte(m.text))
	}
	f.Add([]byte("a: &a [*a]\nmatrix: &b {techniques: *b}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := suite.Parse("fuzz.yaml", text, known())
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			return
		}
		s.Blocks()
		s.Expected(nil)
	})
}

package proxies

import (
	"errors"
	"strings"
	"testing"
)

func TestFiguresOfAPreset(t *testing.T) {
	const file = `name: x
means: y.
source: a page
certainty: documented
faults:
  - latency(1ms)
  - fault: idle(after=60s)
    certainty: reported
    source: somebody
  - fault: mute
    certainty: recalled
`
	p, err := parsePreset("x.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Figure{
		{Fault: "latency(1ms)", Source: "a page", Certainty: Documented},
		{Fault: "idle(after=60s)", Source: "somebody", Certainty: Reported},
		{Fault: "mute", Source: "a page", Certainty: Recalled},
	} {
		got := p.Faults[i]
		got.line, got.column = 0, 0
		if got != want {
			t.Errorf("figure %d is %+v, want %+v", i, got, want)
		}
	}
	if got, want := p.Basis(), "documented: a page; hearsay: idle(after=60s) (reported), mute (recalled)"; got != want {
		t.Errorf("basis %q, want %q", got, want)
	}
}

func TestBasis(t *testing.T) {
	for preset, want := range map[string]string{
		"nginx-default":    "measured: nginx 1.22.1, Debian 12",
		"sophos":           "hearsay: Fyrd/caniuse#2148 (reported)",
		"api-gateway-rest": "hearsay: repost.aws: integration timeout 29 s (recalled)",
		"heroku":           "reported: ryandotsmith/nginx-buildpack#47; hearsay: idle(after=55s) (reported)",
	} {
		proxy, err := Parse(preset, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inst, err := proxy.Start(t.Context(), Env{Origin: mustURL("http://127.0.0.1:1")})
		if err != nil {
			t.Fatal(err)
		}
		if got := inst.Version(); got != want {
			t.Errorf("%s: %q, want %q", preset, got, want)
		}
		if err := inst.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := (Preset{Name: "x"}).Basis(); got != "" {
		t.Errorf("a preset that claims nothing rests on %q", got)
	}
}

func TestMistakesInFigures(t *testing.T) {
	for text, want := range map[string]string{
		"name: x\nfaults:\n  - fault: idle(60x)\n":                 "f.yaml:3:5: idle: after=60x",
		"name: x\nfaults:\n  - fault: mute\n    certainty: sure\n": `f.yaml:3:5: certainty "sure"`,
		"name: x\nfaults:\n  - fault: mute\n    sure: yes\n":       "f.yaml:4:5: unknown field",
		"name: x\nfaults:\n  - certainty: measured\n":              "f.yaml:3:5: unknown fault",
		"name: x\ncertainty: sure\n":                               `f.yaml: certainty "sure"`,
		"name: x\nfaults:\n  - [mute]\n":                           "f.yaml:3:5: ",
	} {
		_, err := parsePreset("f.yaml", []byte(text))
		var mistake *PresetError
		if !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

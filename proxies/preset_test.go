package proxies

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestPresetsAreSound(t *testing.T) {
	all := Presets()
	if !slices.IsSortedFunc(all, func(a, b Preset) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not in the order of names")
	}
	for _, p := range all {
		if p.Means == "" || p.Source == "" || p.Certainty == "" {
			t.Errorf("%s: means, source and certainty are wanted", p.Name)
		}
		if p.Certainty == Measured && p.Version == "" {
			t.Errorf("%s: measured on which version?", p.Name)
		}
		proxy, err := Parse(p.Name, ParseOptions{})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		inst, err := proxy.Start(context.Background(), Env{Origin: mustURL("http://127.0.0.1:1")})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if err := inst.Close(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

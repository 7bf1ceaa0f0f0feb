package suite

import "github.com/cometbench/cometbench/scenarios/measure"

func techniques() []string {
	var out []string
	for _, t := range append(measure.Techniques(), measure.Demos()...) {
		out = append(out, t.Name)
	}
	return out
}

// variants are those that some technique has.
func variants() []string {
	var out []string
	for _, v := range measure.Variants() {
		out = append(out, v.Name)
	}
	return out
}

func causes() []string {
	var out []string
	for _, c := range measure.Causes() {
		out = append(out, c.ID)
	}
	return out
}

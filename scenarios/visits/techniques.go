package visits

import (
	"slices"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// techniques are those that a page can try: the reference server's own. The
// protocols of sessions have clients of their own.
func techniques() []measure.Technique {
	return slices.DeleteFunc(measure.Techniques(), func(t measure.Technique) bool {
		return t.Session != "" || summaryOf(t.Name) == ""
	})
}

// techniques are those that are to be tested.
func (c Config) techniques() []measure.Technique {
	return slices.DeleteFunc(techniques(), func(t measure.Technique) bool {
		return c.Techniques != nil && !slices.Contains(c.Techniques, t.Name)
	})
}

// summaryOf is what a technique does in one sentence, "" when the reference
// server does not know it.
func summaryOf(technique string) string {
	all := reference.All()
	i := slices.IndexFunc(all, func(t reference.Technique) bool { return t.Name() == technique })
	if i < 0 {
		return ""
	}
	return all[i].Info().Summary
}

// stages are the techniques in the order of testing. Whether a text document
// is held back by the browser that shows it or on the way is told by the same
// type read otherwise, which therefore comes first.
func (c Config) stages() [][]measure.Technique {
	var first, last []measure.Technique
	for _, t := range c.techniques() {
		if t.Name == "forever-iframe-text" {
			last = append(last, t)
		} else {
			first = append(first, t)
		}
	}
	return [][]measure.Technique{first, last}
}

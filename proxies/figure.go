package proxies

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Figure is one fault of a preset, with what is known about its numbers. In a
// preset file it is the fault alone, or a mapping with the fields below.
type Figure struct {
	Fault     string    `yaml:"fault"`     // as in fault:...
	Source    string    `yaml:"source"`    // where it comes from; the preset's where it does not say
	Certainty Certainty `yaml:"certainty"` // how well it is known; the preset's where it does not say

	line, column int // of the fault in its file; 0 when not known
}

// Certainty says how well something about a program or a service is known.
type Certainty string

// The certainties, best first.
const (
	Measured   Certainty = "measured"   // on the program itself
	Documented Certainty = "documented" // read at the vendor or in the source
	Reported   Certainty = "reported"   // a third party states it
	Recalled   Certainty = "recalled"   // no source was opened
	Unsourced  Certainty = "unsourced"  // a source was looked for and not found
)

// Certainties returns them all, best first.
func Certainties() []Certainty {
	return []Certainty{Measured, Documented, Reported, Recalled, Unsourced}
}

// Hearsay reports whether nobody has seen it on the program or read it at the
// vendor. Of what has no certainty at all, nobody has either.
func (c Certainty) Hearsay() bool { return c != Measured && c != Documented }

func (c Certainty) check() error {
	if c == "" || slices.Contains(Certainties(), c) {
		return nil
	}
	return fmt.Errorf("certainty %q: want measured, documented, reported, recalled or unsourced", c)
}

// Hearsay returns the figures that rest on what others say or on memory.
func (p Preset) Hearsay() []Figure {
	return slices.DeleteFunc(slices.Clone(p.Faults), func(f Figure) bool { return !f.Certainty.Hearsay() })
}

// Basis says in one line what the preset is modelled on and how well that is
// known; "" where its file does not say. Figures that are hearsay are named: a
// result obtained with them holds for the service only as far as they do.
func (p Preset) Basis() string {
	hearsay := p.Hearsay()
	switch {
	case p.Certainty == "":
		return "" // a file that does not claim to stand for something
	case len(hearsay) == len(p.Faults) && len(hearsay) > 0:
		return "hearsay: " + p.Source + " (" + string(worst(hearsay)) + ")"
	}
	on := p.Version
	if on == "" {
		on = p.Source
	}
	basis := string(p.Certainty) + ": " + on
	if len(hearsay) > 0 {
		names := make([]string, len(hearsay))
		for i, f := range hearsay {
			names[i] = f.Fault + " (" + string(f.Certainty) + ")"
		}
		basis += "; hearsay: " + strings.Join(names, ", ")
	}
	return basis
}

// worst is the least certainty of figures.
func worst(figures []Figure) Certainty {
	return slices.MaxFunc(figures, func(a, b Figure) int {
		return slices.Index(Certainties(), a.Certainty) - slices.Index(Certainties(), b.Certainty)
	}).Certainty
}

// UnmarshalYAML reads either form and keeps the position of the fault.
func (f *Figure) UnmarshalYAML(node ast.Node) error {
	at := node
	if s, ok := node.(ast.ScalarNode); ok {
		f.Fault = fmt.Sprint(s.GetValue())
	} else {
		type plain Figure // without this method
		var own plain
		if err := yaml.NewDecoder(bytes.NewReader(nil), yaml.Strict()).DecodeFromNode(node, &own); err != nil {
			return err
		}
		*f = Figure(own)
		if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
			at = m.Values[0].Key
		}
	}
	if t := at.GetToken(); t != nil && t.Position != nil {
		f.line, f.column = t.Position.Line, t.Position.Column
	}
	return nil
}

package proxies

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Preset is a named set of faults that makes one hop behave like a program or
// a service. Preset files have the same fields.
type Preset struct {
	Name      string    `yaml:"name"`
	Means     string    `yaml:"means"`     // one sentence
	Faults    []string  `yaml:"-"`         // as in fault:…, applied from the origin outward
	Modes     []Mode    `yaml:"modes"`     // empty: what the faults allow
	Source    string    `yaml:"source"`    // where the figures come from
	Version   string    `yaml:"version"`   // of the program, if one was looked at
	Certainty Certainty `yaml:"certainty"` // how well the figures are known
	specs     []faultSpec
}

// Certainty says how well a preset's figures are known.
type Certainty string

// The certainties, best first.
const (
	Measured   Certainty = "measured"   // on the program itself
	Documented Certainty = "documented" // read at the vendor
	Reported   Certainty = "reported"   // a third party states it
	Recalled   Certainty = "recalled"   // no source was opened
)

// PresetError is a mistake in a preset file.
type PresetError struct {
	File   string
	Line   int // 0 when it is not known
	Column int
	Err    error
}

func (e *PresetError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

func (e *PresetError) Unwrap() error { return e.Err }

//go:embed presets/*.yaml
var presetFiles embed.FS

// Presets returns the presets that come with the package, by name.
func Presets() []Preset { return slices.Clone(builtin()) }

var builtin = sync.OnceValue(func() []Preset {
	entries, err := presetFiles.ReadDir("presets")
	if err != nil {
		panic(err) // embedded at build time
	}
	var out []Preset
	for _, entry := range entries {
		p, err := readPreset(path.Join("presets", entry.Name()), presetFiles.ReadFile)
		if err != nil {
			panic(err) // as above; a test reads them all
		}
		out = append(out, p)
	}
	return out
})

// maxPreset bounds preset files, in bytes.
const maxPreset = 1 << 20

func readPreset(name string, read func(string) ([]byte, error)) (Preset, error) {
	if read == nil {
		read = readSmallFile
	}
	data, err := read(name)
	if err != nil {
		return Preset{}, fmt.Errorf("read preset: %w", err)
	}
	return parsePreset(name, data)
}

func readSmallFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPreset+1))
	if err == nil && len(data) > maxPreset {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxPreset)
	}
	return data, err
}

// parsePreset reads the YAML of one preset; unknown fields are mistakes.
func parsePreset(file string, data []byte) (Preset, error) {
	var doc struct {
		Preset `yaml:",inline"`
		List   []placedText `yaml:"faults"`
	}
	err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&doc)
	if err != nil {
		return Preset{}, placed(file, err)
	}
	p := doc.Preset
	for _, item := range doc.List {
		spec, err := parseFault(item.text)
		if err != nil {
			return Preset{}, &PresetError{File: file, Line: item.line, Column: item.column, Err: err}
		}
		p.Faults = append(p.Faults, item.text)
		p.specs = append(p.specs, spec)
	}
	for _, m := range p.Modes {
		if !slices.Contains([]Mode{Reverse, Forward, TCP}, m) {
			return Preset{}, &PresetError{File: file, Err: fmt.Errorf("mode %q: want reverse, forward or tcp", m)}
		}
	}
	if !slices.Contains([]Certainty{"", Measured, Documented, Reported, Recalled}, p.Certainty) {
		return Preset{}, &PresetError{File: file, Err: fmt.Errorf("certainty %q: want measured, documented, reported or recalled", p.Certainty)}
	}
	if p.Name == "" {
		return Preset{}, &PresetError{File: file, Err: errors.New("name is missing")}
	}
	return p, nil
}

// placedText is a string that knows where it stood.
type placedText struct {
	text         string
	line, column int
}

// UnmarshalYAML keeps the position of the value.
func (p *placedText) UnmarshalYAML(node ast.Node) error {
	s, ok := node.(ast.ScalarNode)
	if !ok {
		return yaml.NewDecoder(bytes.NewReader(nil)).DecodeFromNode(node, &p.text)
	}
	p.text = fmt.Sprint(s.GetValue())
	if t := node.GetToken(); t != nil && t.Position != nil {
		p.line, p.column = t.Position.Line, t.Position.Column
	}
	return nil
}

func placed(file string, err error) error {
	if errors.Is(err, io.EOF) {
		return &PresetError{File: file, Err: errors.New("empty file")}
	}
	var at yaml.Error
	if !errors.As(err, &at) {
		return &PresetError{File: file, Err: err}
	}
	out := &PresetError{File: file, Err: errors.New(at.GetMessage())}
	if t := at.GetToken(); t != nil && t.Position != nil {
		out.Line, out.Column = t.Position.Line, t.Position.Column
	}
	return out
}

// proxy makes the hop that the preset describes.
func (p Preset) proxy(name string) (Proxy, error) {
	s := &simulated{name: name, faults: p.specs}
	if len(p.Modes) > 0 {
		for _, m := range p.Modes {
			if reason := s.cannot(m); reason != "" {
				return nil, fmt.Errorf("preset %s: %s", p.Name, reason)
			}
		}
		s.modes = p.Modes
	}
	return s, nil
}

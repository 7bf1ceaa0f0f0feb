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
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// Preset is a named set of faults that makes one hop behave like a program or
// a service. Preset files have the same fields.
type Preset struct {
	Name      string    `yaml:"name"`
	Means     string    `yaml:"means"`     // one sentence
	Faults    []Figure  `yaml:"faults"`    // applied from the origin outward
	Modes     []Mode    `yaml:"modes"`     // empty: what the faults allow
	Source    string    `yaml:"source"`    // where the figures come from, where they do not say it themselves
	Version   string    `yaml:"version"`   // of the program, if one was looked at
	Certainty Certainty `yaml:"certainty"` // how well the figures are known, where they do not say it themselves
	specs     []faultSpec
}

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
	// Files are in another order where one name begins like another.
	slices.SortFunc(out, func(a, b Preset) int { return strings.Compare(a.Name, b.Name) })
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
	var p Preset
	err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&p)
	if err != nil {
		return Preset{}, placed(file, err)
	}
	for i, figure := range p.Faults {
		spec, err := parseFault(figure.Fault)
		if err == nil {
			err = figure.Certainty.check()
		}
		if err != nil {
			return Preset{}, &PresetError{File: file, Line: figure.line, Column: figure.column, Err: err}
		}
		p.specs = append(p.specs, spec)
		if figure.Certainty == "" {
			p.Faults[i].Certainty = p.Certainty
		}
		if figure.Source == "" {
			p.Faults[i].Source = p.Source
		}
	}
	for _, m := range p.Modes {
		if !slices.Contains([]Mode{Reverse, Forward, TCP}, m) {
			return Preset{}, &PresetError{File: file, Err: fmt.Errorf("mode %q: want reverse, forward or tcp", m)}
		}
	}
	if err := p.Certainty.check(); err != nil {
		return Preset{}, &PresetError{File: file, Err: err}
	}
	if p.Name == "" {
		return Preset{}, &PresetError{File: file, Err: errors.New("name is missing")}
	}
	return p, nil
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
	s := &simulated{name: name, faults: p.specs, basis: p.Basis()}
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

package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// maxSpec bounds the file, in bytes.
const maxSpec = 1 << 20

// Load reads a spec from a YAML file and expands ${NAME} in its values from
// the environment. Errors name file, line and column where they can.
func Load(file string) (*Spec, error) {
	data, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	s := new(Spec)
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(s); err != nil {
		return nil, placed(file, err)
	}
	s.file = file
	if err := s.expand(os.LookupEnv); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSpec+1))
	if err == nil && len(data) > maxSpec {
		err = fmt.Errorf("%s is larger than %d bytes", file, maxSpec)
	}
	return data, err
}

// placed puts file, line and column in front of a mistake, on one line.
func placed(file string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: empty file; it needs at least url: https://app.example/stream", file)
	}
	var at yaml.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %w", file, err)
	}
	if t := at.GetToken(); t != nil && t.Position != nil {
		return fmt.Errorf("%s:%d:%d: %s", file, t.Position.Line, t.Position.Column, at.GetMessage())
	}
	return fmt.Errorf("%s: %s", file, at.GetMessage())
}

// path is a file that the spec names, relative to the spec's own place.
func (s *Spec) path(name string) string {
	if filepath.IsAbs(name) || s.file == "" {
		return name
	}
	return filepath.Join(filepath.Dir(s.file), name)
}

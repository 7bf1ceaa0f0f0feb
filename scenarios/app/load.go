package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/cometbench/cometbench/internal/nearest"
)

// maxSpec bounds the file, in bytes.
const maxSpec = 1 << 20

// Load reads a spec from a YAML file and expands ${NAME} in its values from
// the environment. Errors are one line and name file, line and column where
// there are such.
func Load(file string) (*Spec, error) {
	data, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	s := &Spec{file: file}
	in := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := in.Decode(s); err != nil {
		return nil, placed(file, data, err)
	}
	if err := in.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: it holds more than one document; give each application a file of its own", file)
	}
	if err := s.expand(os.LookupEnv); err != nil {
		return nil, placed(file, data, err)
	}
	if err := s.Check(); err != nil {
		return nil, placed(file, data, err)
	}
	if err := s.checkFiles(); err != nil {
		return nil, placed(file, data, err)
	}
	return s, nil
}

// checkFiles reads the files that the spec names, so that one that is missing
// is known before anything is measured.
func (s *Spec) checkFiles() error {
	if _, err := s.Roots(); err != nil {
		return wrong([]string{"ca"}, "%w", err)
	}
	if _, err := s.Identity(); err != nil {
		return wrong([]string{"client_certificate"}, "%w", err)
	}
	return nil
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

// fieldError is a mistake in the value of a field.
type fieldError struct {
	field []string
	err   error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// wrong makes an error that knows its field.
func wrong(field []string, format string, args ...any) error {
	return &fieldError{field, fmt.Errorf(format, args...)}
}

// placed puts file, line and column in front of a mistake, on one line.
func placed(file string, data []byte, err error) error {
	var inField *fieldError
	var at yaml.Error
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: empty file; it needs at least url: https://app.example/stream", file)
	case errors.As(err, &inField):
		return fmt.Errorf("%s: %w", where(file, nodeAt(data, inField.field)), err)
	case !errors.As(err, &at):
		return fmt.Errorf("%s: %w", file, err)
	}
	message := strings.Join(strings.Fields(plainly(at)), " ")
	t := at.GetToken()
	if t == nil || t.Position == nil {
		return fmt.Errorf("%s: %s", file, message)
	}
	return fmt.Errorf("%s:%d:%d: %s", file, t.Position.Line, t.Position.Column, message+unquoted(data, t.Position.Line, at))
}

// plainly says what is wrong without naming types of this program.
func plainly(err yaml.Error) string {
	var unknown *yaml.UnknownFieldError
	var kind *yaml.TypeError
	var large *yaml.OverflowError
	switch {
	case errors.As(err, &large):
		return "the number is too large"
	case errors.As(err, &unknown):
		name := unknown.Token.Value
		if near, ok := nearest.Name(name, fields(reflect.TypeFor[Spec]())); ok {
			return fmt.Sprintf("unknown field %q; did you mean %q?", name, near)
		}
		return fmt.Sprintf("unknown field %q", name)
	case errors.As(err, &kind) && kind.DstType != nil:
		want := map[reflect.Kind]string{reflect.Int: "a whole number", reflect.String: "a text", reflect.Map: "names with values"}[kind.DstType.Kind()]
		if want != "" {
			return "want " + want
		}
	}
	return err.GetMessage()
}

// fields are the names that a spec and what stands in it may have.
func fields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("yaml"); name != "" {
			out = append(out, name)
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			out = append(out, fields(inner)...)
		}
	}
	return out
}

// unquoted adds what is behind most syntax errors here: in {braces}, YAML
// reads the braces of ${NAME} as its own.
func unquoted(data []byte, line int, err yaml.Error) string {
	var syntax *yaml.SyntaxError
	lines := bytes.Split(data, []byte("\n"))
	if errors.As(err, &syntax) && line <= len(lines) && bytes.Contains(lines[line-1], []byte("${")) {
		return `; quote values with ${NAME} in them, as "Bearer ${TOKEN}"`
	}
	return ""
}

// where names the place of a node.
func where(file string, n ast.Node) string {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return file
	}
	p := n.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Column)
}

// nodeAt finds the value of a field; nil when it is not there.
func nodeAt(data []byte, field []string) ast.Node {
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil || len(parsed.Docs) == 0 {
		return nil
	}
	n := parsed.Docs[0].Body
	for _, name := range field {
		if n = child(n, name); n == nil {
			return nil
		}
	}
	return n
}

// child is the value of a name in a mapping.
func child(n ast.Node, name string) ast.Node {
	if m, ok := n.(ast.MapNode); ok {
		for i := m.MapRange(); i.Next(); {
			if i.Key().String() == name {
				return i.Value()
			}
			if s, ok := i.Key().(*ast.StringNode); ok && s.Value == name {
				return i.Value()
			}
		}
		return nil
	}
	return n // a list: its place will do
}

// path is a file that the spec names, relative to the spec's own place.
func (s *Spec) path(name string) string {
	if filepath.IsAbs(name) || s.file == "" {
		return name
	}
	return filepath.Join(filepath.Dir(s.file), name)
}

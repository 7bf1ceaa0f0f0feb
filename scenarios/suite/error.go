package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/cometbench/cometbench/internal/nearest"
)

// Error is a mistake in a suite.
type Error struct {
	File   string
	Line   int // from 1; 0 when it is not known
	Column int
	Err    error
}

// Error is one line, whatever the text of the file was.
func (e *Error) Error() string {
	text := strings.Join(strings.Fields(e.Err.Error()), " ")
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, text)
}

// Unwrap is what went wrong, without its place.
func (e *Error) Unwrap() error { return e.Err }

// at places a mistake at a node.
func (r *reader) at(n ast.Node, err error) error {
	e := &Error{File: r.file, Err: err}
	if p := place(n); p.line > 0 {
		e.Line, e.Column = p.line, p.column
	}
	return e
}

func (r *reader) fail(n ast.Node, format string, args ...any) error {
	return r.at(n, fmt.Errorf(format, args...))
}

// unknown is the error for a name outside a closed list.
func (r *reader) unknown(n ast.Node, kind, name string, known []string) error {
	if near, ok := nearest.Name(name, known); ok {
		return r.fail(n, "unknown %s %q; did you mean %q?", kind, name, near)
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.HasSuffix(k, "/"+name) }); i >= 0 { // delivery/steady for steady
		return r.fail(n, "unknown %s %q; did you mean %q?", kind, name, known[i])
	}
	return r.fail(n, "unknown %s %q; there are %s", kind, name, strings.Join(known, ", "))
}

// syntax is the error of a text that is no YAML.
func syntax(file string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) {
		return &Error{File: file, Err: err}
	}
	out := &Error{File: file, Err: errors.New(at.GetMessage())}
	if t := at.GetToken(); t != nil && t.Position != nil {
		out.Line, out.Column = t.Position.Line, t.Position.Column
	}
	return out
}

type position struct{ line, column int }

// place is where a node begins.
func place(n ast.Node) position {
	switch n := n.(type) {
	case nil:
		return position{}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return position{t.Position.Line, t.Position.Column}
	}
	return position{}
}

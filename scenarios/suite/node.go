package suite

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// reader walks the nodes of one file.
type reader struct {
	file    string
	known   Known
	anchors map[string]ast.Node
}

// field reads one key of a mapping.
type field struct {
	name string
	read func(ast.Node) error
}

// bare takes anchors, aliases and tags off a node. A name that leads back to
// itself leads nowhere.
func (r *reader) bare(n ast.Node) (ast.Node, error) {
	for range 32 {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			name := nameOf(v.Value)
			to, ok := r.anchors[name]
			if !ok {
				return nil, r.fail(v, "alias %q names nothing; its anchor, with & in front, has to stand above it", name)
			}
			n = to
		default:
			return n, nil
		}
	}
	return nil, r.fail(n, "aliases go round in a circle")
}

// nameOf is that of an anchor or alias.
func nameOf(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// mapping reads the keys of a mapping. A key without a value counts as absent.
func (r *reader) mapping(n ast.Node, what string, fields ...field) error {
	n, err := r.bare(n)
	if err != nil {
		return err
	}
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	default:
		return r.fail(n, "%s: want a mapping, as %s: …", what, fields[0].name)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	for _, v := range values {
		name := v.Key.GetToken().Value
		i := slices.Index(names, name)
		if i < 0 {
			return r.unknown(v.Key, "key", name, names)
		}
		if v.Value == nil || v.Value.Type() == ast.NullType {
			continue
		}
		if err := fields[i].read(v.Value); err != nil {
			return err
		}
	}
	return nil
}

// each reads the elements of a list.
func (r *reader) each(n ast.Node, what string, read func(ast.Node) error) error {
	n, err := r.bare(n)
	if err != nil {
		return err
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.fail(n, "%s: want a list", what)
	}
	for _, v := range list.Values {
		if err := read(v); err != nil {
			return err
		}
	}
	return nil
}

// scalar is the text of a single value, as it is written.
func (r *reader) scalar(n ast.Node, what string) (ast.Node, string, error) {
	n, err := r.bare(n)
	if err != nil {
		return nil, "", err
	}
	switch v := n.(type) {
	case *ast.StringNode:
		return n, v.Value, nil
	case *ast.LiteralNode:
		return n, strings.TrimSpace(v.Value.Value), nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n, n.GetToken().Value, nil
	}
	return nil, "", r.fail(n, "%s: want a single value", what)
}

// text reads a string.
func (r *reader) text(n ast.Node, what string) (string, error) {
	n, s, err := r.scalar(n, what)
	if err != nil {
		return "", err
	}
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return s, nil
	}
	return "", r.fail(n, "%s: want text, and %s is none; put it in quotes", what, s)
}

// texts reads one value or a list of them, each as read does.
func (r *reader) texts(n ast.Node, what string, to *[]string, read func(ast.Node) (string, error)) error {
	n, err := r.bare(n)
	if err != nil {
		return err
	}
	one := func(n ast.Node) error {
		s, err := read(n)
		*to = append(*to, s)
		return err
	}
	list, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		return one(n)
	case len(list.Values) == 0:
		return r.fail(n, "%s: an empty list; leave the key away, or name one", what)
	}
	return r.each(n, what, one)
}

// number reads a number within bounds.
func (r *reader) number(n ast.Node, what string, least, most float64) (float64, error) {
	n, s, err := r.scalar(n, what)
	if err != nil {
		return 0, err
	}
	_, isText := n.(*ast.StringNode)
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if isText || err != nil || !(v >= least && v <= most) {
		return 0, r.fail(n, "%s %q: want a number from %g to %g", what, s, least, most)
	}
	return v, nil
}

// whole reads an integer within bounds.
func (r *reader) whole(n ast.Node, what string, least, most float64) (int64, error) {
	v, err := r.number(n, what, least, most)
	if err == nil && v != math.Trunc(v) {
		err = r.fail(n, "%s %g: want a whole number", what, v)
	}
	return int64(v), err
}

// duration reads a time span above 0.
func (r *reader) duration(n ast.Node, what string) (time.Duration, error) {
	n, s, err := r.scalar(n, what)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, r.fail(n, "%s %q: want a duration above 0, as 250ms, 5s or 1m", what, s)
	}
	return d, nil
}

// truth reads true or false.
func (r *reader) truth(n ast.Node, what string) (bool, error) {
	n, err := r.bare(n)
	if err != nil {
		return false, err
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		return false, r.fail(n, "%s: want true or false", what)
	}
	return b.Value, nil
}

package suite

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Known are the names that a suite may use and that others define.
type Known struct {
	Checks, Clients, Claims []string
	// Proxy returns why a spec or glob names no proxy; nil takes any. It is
	// called with each one in a suite.
	Proxy func(spec string) error
}

// Tiers are the depths of checks that a suite can ask for.
var Tiers = []string{"quick", "thorough", "full"}

// The bounds of numbers in a suite; those of the flags of `run`.
const (
	LeastTimeScale = 0.001 // a second of a limit is a millisecond of waiting; below, limits are shorter than what the machine itself takes
	MostRepeat     = 100
	MostParallel   = 512
)

// maxSuite bounds a file, in bytes.
const maxSuite = 1 << 20

// Load reads a suite from a file.
func Load(file string, known Known) (*Suite, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSuite+1))
	if err != nil {
		return nil, fmt.Errorf("read suite: %w", err)
	}
	return Parse(file, text, known)
}

// Parse reads a suite. Errors are an *Error; file is what they call it.
func Parse(file string, text []byte, known Known) (*Suite, error) {
	if len(text) > maxSuite {
		return nil, &Error{File: file, Err: fmt.Errorf("larger than %d bytes", maxSuite)}
	}
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntax(file, err)
	}
	r := &reader{file: file, known: known, anchors: map[string]ast.Node{}}
	var bodies []ast.Node
	for _, d := range doc.Docs {
		if d.Body == nil || d.Body.Type() == ast.CommentType {
			continue
		}
		bodies = append(bodies, d.Body)
		ast.Walk(r, d.Body)
	}
	switch {
	case len(bodies) == 0:
		return nil, &Error{File: file, Err: errors.New("empty file; cometbench init writes a suite to start from")}
	case len(bodies) > 1:
		return nil, r.fail(bodies[1], "a second document; a file is one suite")
	}
	s := &Suite{File: file, Text: text}
	if err := r.suite(bodies[0], s); err != nil {
		return nil, err
	}
	return s, nil
}

// Visit collects the anchors, for ast.Walk.
func (r *reader) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil {
		r.anchors[nameOf(a.Name)] = a.Value
	}
	return r
}

// set makes a field reader of a function that returns a value.
func set[T any](to *T, read func(ast.Node, string) (T, error), what string) func(ast.Node) error {
	return func(n ast.Node) (err error) {
		*to, err = read(n, what)
		return err
	}
}

func (r *reader) suite(n ast.Node, s *Suite) error {
	within := func(least, most float64) func(ast.Node, string) (int, error) {
		return func(n ast.Node, what string) (int, error) {
			v, err := r.whole(n, what, least, most)
			return int(v), err
		}
	}
	return r.mapping(n, "a suite",
		field{"name", set(&s.Name, r.text, "name")},
		field{"means", set(&s.Means, r.text, "means")},
		field{"matrix", func(n ast.Node) error { return r.block(n, "matrix", &s.Matrix, &s.TLS) }},
		field{"include", func(n ast.Node) error {
			return r.each(n, "include", func(n ast.Node) error {
				s.Include = append(s.Include, Block{})
				return r.block(n, "include", &s.Include[len(s.Include)-1], nil)
			})
		}},
		field{"exclude", func(n ast.Node) error {
			return r.each(n, "exclude", func(n ast.Node) error {
				m := Match{Line: place(n).line}
				err := r.mapping(n, "exclude", r.match(&m)...)
				s.Exclude = append(s.Exclude, m)
				return err
			})
		}},
		r.names("claims", "claim", &s.Claims, func(n ast.Node) (string, error) { return r.named(n, "claim", r.known.Claims) }),
		field{"thresholds", func(n ast.Node) error { return r.thresholds(n, &s.Thresholds) }},
		field{"time_scale", set(&s.TimeScale, func(n ast.Node, what string) (float64, error) { return r.number(n, what, LeastTimeScale, 1) }, "time_scale")},
		field{"max_wait", set(&s.MaxWait, r.duration, "max_wait")},
		field{"repeat", set(&s.Repeat, within(1, MostRepeat), "repeat")},
		field{"parallel", set(&s.Parallel, within(1, MostParallel), "parallel")},
		field{"seed", func(n ast.Node) error {
			v, err := r.whole(n, "seed", -1<<53, 1<<53)
			s.Seed = &v
			return err
		}},
		field{"expect", func(n ast.Node) error {
			return r.each(n, "expect", func(n ast.Node) error {
				e, err := r.expectation(n)
				s.Expect = append(s.Expect, e)
				return err
			})
		}},
		field{"fail_on", set(&s.FailOn, r.oneOf(string(measure.Broken), string(measure.Degraded)), "fail_on")},
		field{"baseline", func(n ast.Node) error { return r.baseline(n, s) }},
	)
}

func (r *reader) thresholds(n ast.Node, t *measure.Thresholds) error {
	err := r.mapping(n, "thresholds",
		field{"prompt", set(&t.Prompt, r.duration, "prompt")},
		field{"late", set(&t.Late, r.duration, "late")})
	if whole := t.OrUsual(); err == nil && whole.Late < whole.Prompt {
		err = r.fail(n, "late (%s) is below prompt (%s): nothing could be degraded", whole.Late, whole.Prompt)
	}
	return err
}

// baseline is the name of one, or that and how far latencies may be from it.
func (r *reader) baseline(n ast.Node, s *Suite) error {
	if bare, err := r.bare(n); err == nil {
		if _, ok := bare.(*ast.StringNode); ok {
			s.Baseline, err = r.text(n, "baseline")
			return err
		}
	}
	err := r.mapping(n, "baseline",
		field{"file", set(&s.Baseline, r.text, "file")},
		field{"percent", set(&s.Latency.Percent, func(n ast.Node, what string) (float64, error) { return r.number(n, what, 1, 1000) }, "percent")},
		field{"least", set(&s.Latency.Least, r.duration, "least")},
		field{"alpha", set(&s.Latency.Alpha, func(n ast.Node, what string) (float64, error) { return r.number(n, what, 1e-6, .5) }, "alpha")})
	if err == nil && s.Baseline == "" {
		err = r.fail(n, "baseline: file is missing; name a results.jsonl or a run directory")
	}
	return err
}

// block reads a matrix; tls is where that of the whole suite goes, nil where
// it cannot be said.
func (r *reader) block(n ast.Node, what string, b *Block, tls *bool) error {
	fields := []field{
		r.names("techniques", "technique", &b.Techniques, r.technique),
		r.names("proxies", "proxy", &b.Proxies, r.proxy),
		r.names("clients", "client", &b.Clients, r.client),
		r.names("http", "http", &b.HTTP, r.version),
		r.names("variants", "variant", &b.Variants, r.variant),
		r.names("modes", "mode", &b.Modes, func(n ast.Node) (string, error) { return r.oneOf("reverse", "forward")(n, "mode") }),
		r.names("checks", "check", &b.Checks, r.check),
		{"tier", set(&b.Tier, r.oneOf(Tiers...), "tier")},
	}
	if tls != nil {
		fields = append(fields, field{"tls", set(tls, r.truth, "tls")})
	}
	if err := r.mapping(n, what, fields...); err != nil {
		return err
	}
	if b.Checks != nil && b.Tier != "" {
		return r.fail(n, "%s: checks names what is asked, and tier says how much; leave one away", what)
	}
	return nil
}

// match reads the labels that cells are picked by.
func (r *reader) match(m *Match) []field {
	return []field{
		r.names("technique", "technique", &m.Techniques, r.technique),
		r.names("proxy", "proxy", &m.Proxies, r.proxyGlob),
		r.names("client", "client", &m.Clients, r.client),
		r.names("http", "http", &m.HTTP, r.version),
		r.names("variant", "variant", &m.Variants, func(n ast.Node) (string, error) { return r.text(n, "variant") }),
		r.names("check", "check", &m.Checks, r.check),
	}
}

func (r *reader) expectation(n ast.Node) (Expectation, error) {
	e := Expectation{Match: Match{Line: place(n).line}}
	verdicts := make([]string, 0, 1)
	known := make([]string, 0, 8)
	for _, v := range measure.Verdicts() {
		known = append(known, string(v))
	}
	fields := append(r.match(&e.Match),
		r.names("verdict", "verdict", &verdicts, func(n ast.Node) (string, error) { return r.oneOf(known...)(n, "verdict") }),
		field{"cause", set(&e.Cause, r.oneOf(causes()...), "cause")})
	err := r.mapping(n, "expect", fields...)
	for _, v := range verdicts {
		e.Verdicts = append(e.Verdicts, measure.Verdict(v))
	}
	if err == nil && len(e.Verdicts) == 0 {
		err = r.fail(n, "expect: verdict is missing, as verdict: works")
	}
	return e, err
}

// names is a field that holds a name or a list of them.
func (r *reader) names(key, what string, to *[]string, read func(ast.Node) (string, error)) field {
	return field{key, func(n ast.Node) error { return r.texts(n, what, to, read) }}
}

// oneOf reads a word of a closed list.
func (r *reader) oneOf(known ...string) func(ast.Node, string) (string, error) {
	return func(n ast.Node, what string) (string, error) {
		s, err := r.text(n, what)
		if err == nil && !slices.Contains(known, s) {
			err = r.unknown(n, what, s, known)
		}
		return s, err
	}
}

// named reads a name of a closed list or a glob that matches one.
func (r *reader) named(n ast.Node, what string, known []string) (string, error) {
	s, err := r.text(n, what)
	switch {
	case err != nil:
		return "", err
	case slices.ContainsFunc(known, func(k string) bool { return measure.Glob([]string{s}, k) }):
		return s, nil
	case isGlob(s):
		return "", r.fail(n, "%s pattern %q matches nothing", what, s)
	}
	return "", r.unknown(n, what, s, known)
}

func (r *reader) technique(n ast.Node) (string, error) {
	return r.named(n, "technique", techniques())
}

func (r *reader) client(n ast.Node) (string, error) { return r.named(n, "client", r.known.Clients) }

func (r *reader) check(n ast.Node) (string, error) { return r.named(n, "check", r.known.Checks) }

func (r *reader) variant(n ast.Node) (string, error) {
	return r.oneOf(variants()...)(n, "variant")
}

func (r *reader) proxy(n ast.Node) (string, error) {
	s, err := r.text(n, "proxy")
	if err == nil && r.known.Proxy != nil {
		if wrong := r.known.Proxy(s); wrong != nil {
			err = r.at(n, wrong)
		}
	}
	return s, err
}

// proxyGlob is a proxy by its label: a glob may match what is not there.
func (r *reader) proxyGlob(n ast.Node) (string, error) {
	if s, err := r.text(n, "proxy"); err == nil && isGlob(s) && !strings.Contains(s, ":/") { // as an address has it
		return s, nil
	}
	return r.proxy(n)
}

// version reads a version of HTTP, which looks like a number.
func (r *reader) version(n ast.Node) (string, error) {
	bare, s, err := r.scalar(n, "http")
	if err != nil {
		return "", err
	}
	if _, text := bare.(*ast.StringNode); !text {
		if v, err := strconv.ParseFloat(s, 64); err == nil && v == math.Trunc(v) {
			s = map[float64]string{1: "1.0", 2: "2", 3: "3"}[v]
		}
	}
	if !slices.Contains(versions, s) {
		return "", r.fail(n, "http %q: want %s", cmp.Or(s, bare.GetToken().Value), strings.Join(versions, ", "))
	}
	return s, nil
}

var versions = []string{"1.0", "1.1", "2", "3"}

func isGlob(s string) bool { return strings.ContainsAny(s, "*?[") }

package proxies

import (
	"errors"
	"fmt"
	"strings"
)

// faultSpec is a fault with its arguments and conditions, before an instance
// exists.
type faultSpec struct {
	fault      Fault
	args       Args
	conditions []condition
}

// parseFaults reads NAME(p=v,...)&NAME(...).
func parseFaults(text string) ([]faultSpec, error) {
	var out []faultSpec
	for _, piece := range splitOutside(text, '&') {
		f, err := parseFault(piece)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// parseFault reads NAME or NAME(arguments).
func parseFault(text string) (faultSpec, error) {
	text = strings.TrimSpace(text)
	name, rest, hasArgs := strings.Cut(text, "(")
	name = strings.TrimSpace(name)
	fault, err := findFault(name)
	if err != nil {
		return faultSpec{}, err
	}
	spec := faultSpec{fault: fault}
	if hasArgs {
		inner, ok := strings.CutSuffix(rest, ")")
		if !ok || !balanced(inner) {
			return faultSpec{}, fmt.Errorf("%s: parentheses do not match", name)
		}
		if err := spec.parseArgs(inner); err != nil {
			return faultSpec{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := spec.complete(); err != nil {
		return faultSpec{}, fmt.Errorf("%s: %w", name, err)
	}
	return spec, nil
}

func findFault(name string) (Fault, error) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, unknownName("fault", name, FaultNames())
}

func (s *faultSpec) parseArgs(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for _, arg := range splitOutside(text, ',') {
		name, value, named := cutOutside(arg, '=')
		name = strings.TrimSpace(name)
		if !named {
			word, err := unquote(name)
			if err != nil {
				return err
			}
			p, err := s.unnamed(word)
			if err != nil {
				return err
			}
			if err := s.setOnce(p, word); err != nil {
				return err
			}
			continue
		}
		value, err := unquote(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		if name == "if" || name == "unless" {
			c, err := parseCondition(value, name == "unless")
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, c)
			continue
		}
		p, err := s.param(name)
		if err != nil {
			return err
		}
		if err := s.setOnce(p, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *faultSpec) setOnce(p Param, value string) error {
	if s.args.Has(p.Name) {
		return fmt.Errorf("%s is given twice", p.Name)
	}
	return s.args.set(p, value)
}

func (s *faultSpec) param(name string) (Param, error) {
	known := []string{"if", "unless"}
	for _, p := range s.fault.Params {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Param{}, unknownName("parameter", name, known)
}

// unnamed finds the parameter that a bare argument means: one that has it
// among its words, else the main one.
func (s *faultSpec) unnamed(arg string) (Param, error) {
	var main *Param
	for i, p := range s.fault.Params {
		for _, w := range p.Words {
			if w == arg {
				return p, nil
			}
		}
		if p.Main {
			main = &s.fault.Params[i]
		}
	}
	if main == nil {
		return Param{}, fmt.Errorf("%s needs a name before it, as name=%s", quoteName(arg), arg)
	}
	return *main, nil
}

// complete fills in defaults, and lets the fault itself look at the result.
func (s *faultSpec) complete() error {
	for _, p := range s.fault.Params {
		if p.Default == "" || s.args.Has(p.Name) {
			continue
		}
		if err := s.args.set(p, p.Default); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	}
	if s.fault.Early {
		for _, c := range s.conditions {
			if c.late() {
				return fmt.Errorf("it acts on the request, and %s is only known from the response", c.key)
			}
		}
	}
	hooks, err := s.fault.New(s.args)
	if err == nil && hooks.Outage != nil && len(s.conditions) > 0 {
		return errors.New("packets are dropped whatever they carry: it takes no conditions")
	}
	return err
}

// splitOutside splits at sep outside parentheses and quotes.
func splitOutside(s string, sep byte) []string {
	var out []string
	for {
		before, after, found := cutOutside(s, sep)
		out = append(out, strings.TrimSpace(before))
		if !found {
			return out
		}
		s = after
	}
}

// cutOutside is strings.Cut outside parentheses and quotes.
func cutOutside(s string, sep byte) (before, after string, found bool) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(depth-1, 0)
		case depth == 0 && c == sep:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// balanced reports whether parentheses and quotes match.
func balanced(s string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth < 0 {
				return false
			}
		}
	}
	return depth == 0 && !quoted
}

// unquote takes double quotes off, and the backslashes inside them: one before
// a quote or a backslash stands for that character.
func unquote(s string) (string, error) {
	if !strings.Contains(s, `"`) {
		return s, nil
	}
	inner, ok := strings.CutPrefix(s, `"`)
	if ok {
		inner, ok = strings.CutSuffix(inner, `"`)
	}
	if !ok {
		return "", fmt.Errorf("%s: quotes must go around the whole value", s)
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] == '"' {
			return "", fmt.Errorf("%s: quotes must go around the whole value", s)
		}
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		b.WriteByte(inner[i])
	}
	return b.String(), nil
}

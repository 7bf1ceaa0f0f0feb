package measure

import (
	"regexp"
	"slices"
	"strings"
)

// Fix is what to change in one program's configuration against one cause, as
// lines that can be copied, and so that a program can apply it to a file.
type Fix struct {
	Program string   // as in real:NAME
	Causes  []string // against which it helps
	Where   string   // for people: "in the location"
	Lines   []string
	// After is a pattern: the lines go behind the first line that matches, with
	// its indentation. "" is the end of the file.
	After string
	// Instead is a pattern of lines that they replace, wherever those stand;
	// "" replaces none.
	Instead string
	// Without is for people what goes away when there are no Lines.
	Without string
}

// fixesOf lists the fixes against a cause.
func fixesOf(cause string) []Fix {
	var out []Fix
	for _, f := range Fixes() {
		if slices.Contains(f.Causes, cause) {
			out = append(out, f)
		}
	}
	return out
}

// FixFor finds the fix for a cause in the program behind a proxy's name:
// real:nginx, real:nginx@FILE, a preset such as nginx-default, or the first
// hop of a chain for which there is one.
func FixFor(cause, proxy string) (Fix, bool) {
	for _, hop := range strings.Split(proxy, "+") {
		program := programOf(hop)
		for _, f := range fixesOf(cause) {
			if f.Program == program {
				return f, true
			}
		}
	}
	return Fix{}, false
}

// programOf is the program that a proxy's name speaks of.
func programOf(proxy string) string {
	name := strings.TrimPrefix(proxy, "real:")
	name, _, _ = strings.Cut(name, "@")
	if base, config, ok := strings.Cut(name, "/"); ok {
		if config == "jk" || strings.HasPrefix(config, "jk-") {
			return base + "/jk"
		}
		return base
	}
	name, _, _ = strings.Cut(name, "-") // nginx-default, apache-streaming
	if name == "apache" {
		name = "apache2"
	}
	return name
}

// String is the fix in one sentence.
func (f Fix) String() string {
	if len(f.Lines) == 0 {
		return f.Program + " (" + f.Where + "): remove " + f.Without
	}
	return f.Program + " (" + f.Where + "): " + strings.Join(f.Lines, " ")
}

// AdviceFor says what to do about a cause behind a proxy: in the proxy's own
// words where they are known, then what the application can do.
func AdviceFor(cause, proxy string) string {
	known, ok := CauseByID(cause)
	if !ok {
		return ""
	}
	fix, ok := FixFor(cause, proxy)
	if !ok {
		return known.Advice
	}
	explained, _ := Explain(cause)
	return "In " + fix.String() + " – or in the application: " + explained.Application
}

// Apply writes the fix into a configuration. It reports false when there is no
// line behind which it could go.
func (f Fix) Apply(config string) (string, bool) {
	lines := strings.SplitAfter(config, "\n")
	if f.Instead != "" {
		old := regexp.MustCompile(f.Instead)
		lines = slices.DeleteFunc(lines, func(l string) bool { return old.MatchString(l) })
	}
	if f.After == "" {
		text := strings.Join(lines, "")
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text + strings.Join(f.Lines, "\n") + "\n", true
	}
	anchor := regexp.MustCompile(f.After)
	var out strings.Builder
	found := false
	for _, l := range lines {
		out.WriteString(l)
		if found || !anchor.MatchString(l) {
			continue
		}
		found = true
		if !strings.HasSuffix(l, "\n") {
			out.WriteString("\n")
		}
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if strings.HasSuffix(strings.TrimSpace(l), "{") || !strings.HasPrefix(l, " ") && !strings.HasPrefix(l, "\t") {
			indent += "    "
		}
		for _, add := range f.Lines {
			out.WriteString(indent + add + "\n")
		}
	}
	return out.String(), found
}

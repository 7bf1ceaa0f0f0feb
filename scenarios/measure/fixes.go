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
	// Inline is text that goes to the end of each line that After matches, an
	// option of a directive that is there already.
	Inline string
	// Here puts Inline right behind what After matches, inside the line.
	Here bool
	// Within indents the lines below the one that After matches: what opens a
	// section there is no brace.
	Within bool
	// Tail are lines that go to the end of the file besides.
	Tail []string
	// Say is what people read where the lines alone would not tell.
	Say string
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
		program, part := programOf(hop)
		names := []string{program + "/" + part, program}
		if part == "jk" {
			names = names[:1] // mod_proxy's directives mean nothing to it
		}
		known := fixesOf(cause)
		for _, name := range names {
			if i := slices.IndexFunc(known, func(f Fix) bool { return f.Program == name }); i >= 0 {
				return known[i], true
			}
		}
	}
	return Fix{}, false
}

// programOf is the program that a proxy's name speaks of, and the part of it
// that has directives of its own: jk, modsecurity.
func programOf(proxy string) (program, part string) {
	program = strings.TrimPrefix(proxy, "real:")
	program, _, _ = strings.Cut(program, "@")
	program, config, ok := strings.Cut(program, "/")
	if !ok {
		program, config, _ = strings.Cut(program, "-") // nginx-default, apache-streaming
	}
	part, _, _ = strings.Cut(config, "-")
	if program == "apache" {
		program = "apache2"
	}
	return program, part
}

// Advised are the lines as people are told to write them; none where something
// is to be taken out (Without).
func (f Fix) Advised() []string {
	if f.Say != "" {
		return []string{f.Say}
	}
	lines := slices.Concat(f.Lines, f.Tail)
	if f.Inline != "" {
		lines = append([]string{strings.TrimSpace(f.Inline)}, lines...)
	}
	return lines
}

// String is the fix in one sentence.
func (f Fix) String() string {
	program, _, _ := strings.Cut(f.Program, "/")
	switch {
	case f.Say != "":
		return program + " (" + f.Where + "): " + f.Say
	case f.Without != "":
		return program + " (" + f.Where + "): remove " + f.Without
	case f.Inline != "" && len(f.Lines) > 0:
		return program + " (" + f.Where + "): add" + f.Inline + ", and " + strings.Join(f.Lines, " ")
	case f.Inline != "":
		return program + " (" + f.Where + "): add" + f.Inline
	}
	return program + " (" + f.Where + "): " + strings.Join(slices.Concat(f.Lines, f.Tail), " ")
}

// AdviceFor says what to do about a cause behind a proxy: in the proxy's own
// words where they are known, then what the application can do. Where no
// configuration helps it says so.
func AdviceFor(cause, proxy string) string {
	known, ok := CauseByID(cause)
	if !ok {
		return ""
	}
	explained, _ := Explain(cause)
	fix, ok := FixFor(cause, proxy)
	if !ok {
		if why, ok := WhyNoFix(cause, proxy); ok {
			program, _ := programOf(proxy)
			return "No line of " + program + "'s configuration mends it: " + why + ". In the application: " + explained.Application
		}
		return known.Advice
	}
	return "In " + fix.String() + " – or in the application: " + explained.Application
}

// Apply writes the fix into a configuration. It reports false when there is no
// line behind which it could go.
func (f Fix) Apply(config string) (string, bool) {
	lines := strings.SplitAfter(config, "\n")
	if f.Instead != "" {
		old := regexp.MustCompile(f.Instead)
		lines = slices.DeleteFunc(lines, func(l string) bool { return !comment(l) && old.MatchString(l) })
	}
	found := true
	if f.After != "" {
		lines, found = f.behind(lines)
	}
	text := strings.Join(lines, "")
	end := f.Tail
	if f.After == "" {
		end = slices.Concat(f.Lines, f.Tail)
	}
	if len(end) == 0 {
		return text, found
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + strings.Join(end, "\n") + "\n", found
}

// comment reports whether a line is nothing else, in any of the programs' files.
func comment(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}

// behind puts the lines behind the first that the anchor matches, and the
// option onto each of these.
func (f Fix) behind(lines []string) ([]string, bool) {
	anchor := regexp.MustCompile(f.After)
	var out []string
	found := false
	for _, l := range lines {
		if comment(l) || !anchor.MatchString(l) || found && f.Inline == "" {
			out = append(out, l)
			continue
		}
		bare := strings.TrimRight(l, "\r\n")
		if at := anchor.FindStringIndex(bare); f.Here && at != nil {
			out = append(out, bare[:at[1]]+f.Inline+bare[at[1]:]+"\n")
		} else {
			out = append(out, bare+f.Inline+"\n")
		}
		if found {
			continue
		}
		found = true
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		opens := strings.HasSuffix(bare, "{") || strings.HasPrefix(strings.TrimSpace(l), "<")
		if opens || f.Within {
			indent += "    "
		}
		for _, add := range f.Lines {
			out = append(out, indent+add+"\n")
		}
	}
	return out, found
}

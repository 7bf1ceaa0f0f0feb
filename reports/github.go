package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// maxAnnotations is how many of a kind GitHub shows of one step; it drops
// further ones without a word.
const maxAnnotations = 10

// GitHub writes workflow commands of GitHub Actions: an error for each cause
// that breaks cells at a proxy, a warning for each that degrades them or keeps
// them from a verdict, worst first. A program with a file of the user's own is
// annotated at that file.
func GitHub(w io.Writer, runs []*measure.Run) error {
	r := merge(runs)
	var a annotations
	a.add("notice", "", "cometbench", r.headline())
	for _, run := range runs {
		for _, g := range gatesOf(run) {
			if !g.OK() {
				a.add("error", "", "cometbench: gate failed", gateSentence(g))
			}
		}
	}
	for _, f := range r.findings() {
		for _, proxy := range r.proxies {
			a.finding(f, proxy)
		}
	}
	for _, s := range r.setbacks() {
		if s.verdict == measure.HarnessFailed || s.verdict == measure.SetupFailed {
			a.add("warning", "", "cometbench: "+markOf(s.verdict).Word, fmt.Sprintf("%s: %s", count(len(s.cells), "cell"), s.reason))
		}
	}
	for _, l := range r.loads() {
		a.add("notice", "", "cometbench: load", fmt.Sprintf("%s via %s, %s: %s", clean(l.Technique), clean(l.Proxy), count(l.Subscribers, "subscriber"), loadLine(l)))
	}
	for _, s := range r.caveats() {
		a.add("notice", "", "cometbench", s)
	}
	if _, err := io.WriteString(w, a.String()); err != nil {
		return fmt.Errorf("write github annotations: %w", err)
	}
	return nil
}

// annotation is one workflow command.
type annotation struct{ level, file, title, message string }

type annotations struct{ list []annotation }

func (a *annotations) add(level, file, title, message string) {
	a.list = append(a.list, annotation{level, file, title, message})
}

// finding adds what one cause does at one proxy.
func (a *annotations) finding(f finding, proxy string) {
	here := func(cells []*cell) (techniques []string, one *cell) {
		seen := map[string]bool{}
		for _, c := range cells {
			if c.Proxy != proxy {
				continue
			}
			if one == nil {
				one = c
			}
			if name := clean(c.Technique); !seen[name] {
				seen[name] = true
				techniques = append(techniques, name)
			}
		}
		return techniques, one
	}
	for _, of := range []struct {
		level, word string
		cells       []*cell
	}{{"error", "broken", f.broken}, {"warning", "degraded", f.degraded}} {
		techniques, one := here(of.cells)
		if one == nil {
			continue
		}
		message := fmt.Sprintf("%s %s: %s", and(techniques), of.word, f.title())
		if s := f.means(); s != "" {
			message += ". " + s
		}
		if s := adviceOf(one); s != "" {
			message += " What to do: " + s
		}
		a.add(of.level, fileOf(proxy), "cometbench: "+short(clean(proxy), 80), short(message, 900))
	}
}

// fileOf is the user's own file behind a proxy's name, "" when it has none.
func fileOf(proxy string) string {
	for _, hop := range strings.Split(proxy, "+") {
		if _, file, ok := strings.Cut(hop, "@"); ok && strings.HasPrefix(hop, "real:") {
			return clean(file)
		}
		if strings.HasSuffix(hop, ".yaml") && !strings.Contains(hop, ":") {
			return clean(hop)
		}
	}
	return ""
}

// String is the commands. What GitHub would drop is counted in the last of its
// kind.
func (a annotations) String() string {
	var b strings.Builder
	for _, level := range []string{"error", "warning", "notice"} {
		var list []annotation
		for _, one := range a.list {
			if one.level == level {
				list = append(list, one)
			}
		}
		if left := len(list) - maxAnnotations; left > 0 {
			list = append(list[:maxAnnotations-1], annotation{level, "", "cometbench", count(left+1, "further finding") + " in the report"})
		}
		for _, one := range list {
			b.WriteString("::" + one.level + " ")
			if one.file != "" {
				b.WriteString("file=" + escapeProperty(one.file) + ",")
			}
			fmt.Fprintf(&b, "title=%s::%s\n", escapeProperty(one.title), escapeData(one.message))
		}
	}
	return b.String()
}

// escapeData escapes as the runner unescapes; clean has taken line ends away.
func escapeData(s string) string { return strings.ReplaceAll(clean(s), "%", "%25") }

func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}

// ComparisonGitHub writes a comparison as workflow commands: what is worse as
// errors, what is gone as warnings.
func ComparisonGitHub(w io.Writer, c measure.Comparison) error {
	var a annotations
	a.add("notice", "", "cometbench", comparisonHeadline(c))
	for _, change := range c.Changes {
		level := map[measure.Way]string{measure.ChangeWorse: "error", measure.ChangeGone: "warning"}[change.Way]
		if level == "" {
			continue
		}
		message := clean(change.Labels.String()) + ": " + strings.Join(changeLines(change), "; ")
		a.add(level, fileOf(change.Proxy), "cometbench: "+wayMark(change.Way).Word, short(message, 900))
	}
	for _, s := range c.Notes {
		a.add("notice", "", "cometbench", s)
	}
	if _, err := io.WriteString(w, a.String()); err != nil {
		return fmt.Errorf("write github annotations: %w", err)
	}
	return nil
}

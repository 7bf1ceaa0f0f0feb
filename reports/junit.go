package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// JUnitOptions change what a pipeline takes for a failure. The zero value is
// what JUnit uses.
type JUnitOptions struct {
	DegradedFails bool // degraded cells are failures as well
}

// JUnit writes JUnit XML: a suite per proxy and client, a case per technique.
// Broken cells are failures; cells in which the measurement itself failed are
// errors; cells without a verdict are skipped and say why.
func JUnit(w io.Writer, runs []*measure.Run) error { return JUnitOptions{}.Write(w, runs) }

// Write is JUnit with options.
func (o JUnitOptions) Write(w io.Writer, runs []*measure.Run) error {
	doc := xmlSuites{Name: "cometbench"}
	r := merge(runs)
	for _, g := range r.groups {
		for _, proxy := range r.proxiesIn(g) {
			suite := o.suite(r, g, proxy)
			doc.Tests += suite.Tests
			doc.Failures += suite.Failures
			doc.Errors += suite.Errors
			doc.Skipped += suite.Skipped
			doc.ms += suite.ms
			doc.Suites = append(doc.Suites, suite)
		}
	}
	for _, run := range runs {
		if suite, ok := gateSuite(run); ok {
			doc.Tests += suite.Tests
			doc.Failures += suite.Failures
			doc.Suites = append(doc.Suites, suite)
		}
	}
	doc.Time = seconds(doc.ms)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	return nil
}

type xmlSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Suites   []xmlSuite `xml:"testsuite"`
	ms       int64
}

type xmlSuite struct {
	Name       string        `xml:"name,attr"`
	Tests      int           `xml:"tests,attr"`
	Failures   int           `xml:"failures,attr"`
	Errors     int           `xml:"errors,attr"`
	Skipped    int           `xml:"skipped,attr"`
	Time       string        `xml:"time,attr"`
	Timestamp  string        `xml:"timestamp,attr,omitempty"`
	Properties []xmlProperty `xml:"properties>property"`
	Cases      []xmlCase     `xml:"testcase"`
	ms         int64
}

type xmlProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type xmlCase struct {
	Name      string     `xml:"name,attr"`
	Classname string     `xml:"classname,attr"`
	Time      string     `xml:"time,attr"`
	Failure   *xmlDetail `xml:"failure"`
	Error     *xmlDetail `xml:"error"`
	Skipped   *xmlDetail `xml:"skipped"`
	Out       *xmlText   `xml:"system-out"`
}

type xmlDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	xmlText
}

// xmlText is escaped text whose line ends stay line ends; encoding/xml writes
// them as references.
type xmlText struct {
	Text string `xml:",innerxml"`
}

func newText(s string) xmlText {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return xmlText{strings.ReplaceAll(b.String(), "&#xA;", "\n")}
}

func (o JUnitOptions) suite(r *result, g group, proxy string) xmlSuite {
	s := xmlSuite{Name: clean(proxy) + " (" + g.title() + ")"}
	for _, technique := range r.techniquesIn(g) {
		c := r.at(technique, proxy, g)
		if c == nil {
			continue
		}
		if len(s.Cases) == 0 {
			s.Properties = properties(c)
			if t := c.run.Record.Started; !t.IsZero() {
				s.Timestamp = t.UTC().Format("2006-01-02T15:04:05")
			}
		}
		var ms int64
		for _, check := range c.checks {
			ms += max(0, check.TookMS)
		}
		k := xmlCase{Name: clean(technique), Classname: s.Name, Time: seconds(ms)}
		o.judge(&k, c)
		s.Tests++
		s.ms += ms
		s.Failures += btoi(k.Failure != nil)
		s.Errors += btoi(k.Error != nil)
		s.Skipped += btoi(k.Skipped != nil)
		s.Cases = append(s.Cases, k)
	}
	s.Time = seconds(s.ms)
	return s
}

func properties(c *cell) []xmlProperty {
	rec := c.run.Record
	out := []xmlProperty{
		{"run", clean(rec.ID)}, {"complete", fmt.Sprint(c.run.Complete())}, {"tool", clean(rec.Tool.Version)},
		{"seed", fmt.Sprint(rec.Seed)}, {"time_scale", fmt.Sprint(rec.TimeScale)},
	}
	for _, check := range c.checks {
		if check.ProxyVersion != "" {
			return append(out, xmlProperty{"proxy_version", clean(check.ProxyVersion)})
		}
	}
	return out
}

func (o JUnitOptions) judge(k *xmlCase, c *cell) {
	word := markOf(c.Verdict).Word
	switch c.Verdict {
	case measure.Works:
		if c.Wavers {
			text := newText(explanation(c))
			k.Out = &text
		}
	case measure.Degraded, measure.Broken:
		if c.Verdict == measure.Degraded && !o.DegradedFails || expected(c) {
			text := newText(explanation(c))
			k.Out = &text
			return
		}
		message := word
		if c.Cause != "" {
			message += ": " + clean(c.Cause)
		}
		k.Failure = &xmlDetail{Message: message, Type: clean(c.Cause), xmlText: newText(explanation(c))}
	case measure.HarnessFailed, measure.SetupFailed:
		k.Error = &xmlDetail{Message: word + ": " + reasonOf(c), Type: string(c.Verdict), xmlText: newText(explanation(c))}
	default:
		k.Skipped = &xmlDetail{Message: word + ": " + reasonOf(c)}
	}
}

// explanation says in plain text why a cell is not fine, what to do, and how
// to see it again.
func explanation(c *cell) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s: %s", label, text)
		}
	}
	line("Verdict", markOf(c.Verdict).Word)
	if expected(c) {
		line("Expected", "the suite says so")
	}
	line("Repeated", c.waver())
	line("Why", meansOf(c.Cause))
	for _, check := range c.checks {
		if check.Kind == measure.Observe || check.Verdict == measure.Works {
			continue
		}
		line(clean(check.Check), markOf(check.Verdict).Word)
		line("  wanted", wanted(check))
		line("  got", clean(check.Got))
	}
	line("What to do", adviceOf(c))
	line("Again", repeatCommand(c))
	return b.String() + "\n"
}

func wanted(check measure.CheckRecord) string {
	out := make([]string, len(check.Want))
	for i, w := range check.Want {
		out[i] = clean(w)
	}
	return strings.Join(out, "; ")
}

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }

package suite_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cometbench/cometbench/scenarios/suite"
)

// compiled is the schema for the names of these tests.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := suite.Schema(known(), plainProxies)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("suite.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("suite.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is what a validator sees of a YAML text.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaAcceptsWhatTheLoaderAccepts(t *testing.T) {
	schema := compiled(t)
	texts := map[string][]byte{
		"start":              suite.Start(),
		"nothing but null":   []byte("matrix:\ninclude:\nexclude:\nexpect:\nthresholds:\nbaseline:\n"),
		"one for a list":     []byte("matrix: {techniques: eventsource, http: 1.0, proxies: a.yaml}\nexpect: [{proxy: 'real:*', http: 2, verdict: works}]"),
		"durations":          []byte("thresholds: {prompt: 0.5s, late: 1m30s}\nmax_wait: 1500µs"),
		"baseline":           []byte("baseline: base.jsonl"),
		"baseline in full":   []byte("baseline: {file: base.jsonl, percent: 20, least: 5ms, alpha: 0.05}"),
		"tier and no checks": []byte("matrix: {checks: , tier: full}"),
	}
	files, err := filepath.Glob("builtin/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no built-in suites: %v", err)
	}
	for _, f := range files {
		if texts[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range texts {
		if _, err := suite.Parse(name, text, known()); err != nil {
			t.Errorf("%s: the loader refuses it: %v", name, err)
		}
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	schema := compiled(t)
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			if !m.schemaToo {
				return // TestMistakesAreNamed has it, and says why
			}
			if err := schema.Validate(asJSON(t, []byte(m.text))); err == nil {
				t.Errorf("the schema accepts %q, which the loader refuses: %s", m.text, m.want)
			}
		})
	}
}

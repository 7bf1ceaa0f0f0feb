package proxies

import (
	"bytes"
	_ "embed" // the table
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
)

// FailureMode is a way in which push fails that users report, and the
// composition that makes it happen again.
type FailureMode struct {
	Number  int    `yaml:"number"`  // from 1, without gaps
	Symptom string `yaml:"symptom"` // one sentence, as users put it
	// Spec is what [Parse] takes; "" where no composition exists, and then
	// Stands says why.
	Spec string `yaml:"spec"`
	// Before is the path on which all was well, where the symptom is a
	// difference between two; Also are further compositions of the symptom.
	Before string   `yaml:"before"`
	Also   []string `yaml:"also"`
	// Techniques are those with which users met it, not all that suffer.
	Techniques []string `yaml:"techniques"`
	// Cause is the row of the closed table (RESULTS.md) that it must be named as.
	Cause string `yaml:"cause"`
	Shows string `yaml:"shows"` // which client sees what
	// Stands says what stands for what, where the path is not at fault or the
	// composition is not quite what was reported.
	Stands    string    `yaml:"stands"`
	Source    string    `yaml:"source"`
	Certainty Certainty `yaml:"certainty"` // measured: it was made to happen on a program
	Seen      string    `yaml:"seen"`      // on which one, and in which version
}

//go:embed failure_modes.yaml
var failureModesFile []byte

// FailureModes returns the table in the order of its numbers.
func FailureModes() []FailureMode { return slices.Clone(failureModes()) }

var failureModes = sync.OnceValue(func() []FailureMode {
	var out []FailureMode
	if err := yaml.NewDecoder(bytes.NewReader(failureModesFile), yaml.Strict()).Decode(&out); err != nil {
		panic(err) // embedded at build time; a test reads it
	}
	return out
})

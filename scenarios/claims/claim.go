package claims

import (
	"context"
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Claim is one sentence and its test.
type Claim struct {
	Name     string
	Sentence string // what is claimed
	Source   string // by whom
	Measured string // how it is tested, in a sentence
	// Techniques are those that the claim asks the real programs about; what
	// several claims ask is measured once.
	Techniques []string
	// Test measures. An error is the harness's; what is missing here is an
	// answer (untested).
	Test func(ctx context.Context, l *Lab) (Answer, error)
}

// Answer is what a test found.
type Answer struct {
	Answer measure.ClaimAnswer
	Got    string             // the answer in words, with its numbers; for only if the condition, for untested the reason
	Rows   []string           // what it rests on
	Values map[string]float64 // the numbers, named as in measure.CheckRecord
}

// handedDown is the source of what everybody says.
const handedDown = "handed down in articles on comet, by nobody in particular"

// untested is the answer when something is not here.
func untested(format string, args ...any) Answer {
	return Answer{Answer: measure.ClaimUntested, Got: fmt.Sprintf(format, args...)}
}

// holds is the answer to a plain yes or no.
func holds(yes bool) measure.ClaimAnswer {
	if yes {
		return measure.ClaimHolds
	}
	return measure.ClaimFails
}

// Command repeats the claim alone.
func (c Claim) Command() string { return "cometbench run --claim " + c.Name }

// Match returns the claims whose name matches one of the globs, in order.
func Match(globs []string) []Claim {
	var out []Claim
	for _, c := range All() {
		if measure.Glob(globs, c.Name) {
			out = append(out, c)
		}
	}
	return out
}

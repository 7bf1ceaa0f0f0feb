package measure

// ClaimAnswer is what became of a claim. The table is closed.
type ClaimAnswer string

// The answers. Only if comes with the condition, untested with the reason.
const (
	ClaimHolds    ClaimAnswer = "holds"
	ClaimFails    ClaimAnswer = "does-not-hold"
	ClaimOnlyIf   ClaimAnswer = "only-if"
	ClaimUntested ClaimAnswer = "untested"
)

// ClaimAnswers returns the closed table.
func ClaimAnswers() []ClaimAnswer {
	return []ClaimAnswer{ClaimHolds, ClaimFails, ClaimOnlyIf, ClaimUntested}
}

// Words are how reports write an answer.
func (a ClaimAnswer) Words() string {
	switch a {
	case ClaimFails:
		return "does not hold"
	case ClaimOnlyIf:
		return "only if"
	}
	return string(a)
}

// ClaimRecord is one sentence that somebody said of comet, and what a run
// measured about it. Values are named as those of a CheckRecord.
type ClaimRecord struct {
	Type     string             `json:"type"`
	Claim    string             `json:"claim"`              // its name
	Sentence string             `json:"sentence"`           // what is claimed
	Source   string             `json:"source"`             // by whom
	Measured string             `json:"measured"`           // how it was tested
	Answer   ClaimAnswer        `json:"answer"`             //
	Got      string             `json:"got"`                // the answer in words, with its numbers
	Rows     []string           `json:"rows,omitempty"`     // what it rests on, a line each
	Values   map[string]float64 `json:"values,omitempty"`   // the numbers
	Failed   bool               `json:"failed,omitempty"`   // the measurement itself broke, and Got says how
	Command  string             `json:"command"`            // repeats this claim alone
	Evidence []string           `json:"evidence,omitempty"` // run directories of its cells, from that of the run
	TookMS   int64              `json:"took_ms"`
}

// Claims are what runs found of each claim, in order; of several answers to one
// claim the last counts.
func Claims(runs ...*Run) []ClaimRecord {
	var out []ClaimRecord
	at := map[string]int{}
	for _, run := range runs {
		for _, c := range run.Claims {
			if i, ok := at[c.Claim]; ok {
				out[i] = c
				continue
			}
			at[c.Claim] = len(out)
			out = append(out, c)
		}
	}
	return out
}

package measure

// The gates that a run can be held against at its end.
const (
	GateFailOn   = "fail-on"
	GateExpect   = "expect"
	GateBaseline = "baseline"
)

// Gate is the outcome of one gate, as the end of a run keeps it.
type Gate struct {
	Gate   string   `json:"gate"`             // one of the Gate… constants
	Rule   string   `json:"rule,omitempty"`   // what it held the run against: a verdict, a suite, a baseline
	Passed int      `json:"passed"`           // cells or expectations that hold
	Failed []string `json:"failed,omitempty"` // what does not, one line each
	Open   []string `json:"open,omitempty"`   // what could not be answered, one line each
	Notes  []string `json:"notes,omitempty"`  // what else a reader should know
	// Expected are the ids of cells that are as bad as they were expected to
	// be: their trouble is no failure.
	Expected []string `json:"expected,omitempty"`
}

// OK reports whether the gate holds.
func (g Gate) OK() bool { return len(g.Failed) == 0 }

package measure

// AdviceRecord says what became of one cell when the advised lines were applied
// to a copy of the proxy's configuration and it was measured again: run --prove.
type AdviceRecord struct {
	Type string `json:"type"`
	Labels
	Cause   string   `json:"cause"` // before
	Before  Verdict  `json:"before"`
	Program string   `json:"program"`
	Version string   `json:"version,omitempty"` // of the program, as it names itself
	Where   string   `json:"where,omitempty"`   // for people: "in the location"
	Lines   []string `json:"lines,omitempty"`   // what was added; none when lines went away
	Without string   `json:"without,omitempty"` // what went away, for people
	Mended  string   `json:"mended,omitempty"`  // the spec of the copy; "" when there was none to run
	After   Verdict  `json:"after,omitempty"`
	// AfterCause is what is left to mend.
	AfterCause string `json:"after_cause,omitempty"`
	Proven     bool   `json:"proven"`           // the cause is gone
	Reason     string `json:"reason,omitempty"` // why it is not proven
}

// Judge fills in what the second measurement says.
func (a *AdviceRecord) Judge(after CellRecord) {
	a.After, a.AfterCause = after.Verdict, after.Cause
	switch {
	case !after.Verdict.Counts():
		a.Reason = "measured again it was " + string(after.Verdict)
		if after.Reason != "" {
			a.Reason += ": " + after.Reason
		}
	case after.Cause == a.Cause:
		a.Reason = "the cause is still there"
	case Worse(after.Verdict, a.Before) == after.Verdict && after.Verdict != a.Before:
		a.Reason = "the cause is gone, and it is worse"
	default:
		a.Proven = true
	}
}

package measure

import "slices"

// Result is one cell with its checks, and the run it comes from.
type Result struct {
	CellRecord
	Run    *Run
	Checks []CheckRecord // in file order, one per name
}

// NotJudged is the reason of a cell whose run was interrupted inside it.
const NotJudged = "the run was interrupted before this cell was judged"

// Judged reports whether the cell came to its end.
func (r *Result) Judged() bool { return r.Reason != NotJudged || r.Verdict != Untested }

// Merge puts the cells of several runs together; of cells with equal labels
// the last counts, with its own checks only. A cell in which its run was
// interrupted takes no other's place. It returns, too, how many were replaced.
func Merge(runs ...*Run) (map[Labels]*Result, int) {
	out, replaced := map[Labels]*Result{}, 0
	for _, run := range runs {
		for labels, r := range run.results() {
			if out[labels] != nil {
				replaced++
				if !r.Judged() {
					continue
				}
			}
			out[labels] = r
		}
	}
	return out, replaced
}

// results collects the cells of one run. A resumed run may hold lines of the
// same cell twice: the later ones count.
func (r *Run) results() map[Labels]*Result {
	cells := map[Labels]*Result{}
	for _, rec := range r.Cells {
		cells[rec.Labels] = &Result{CellRecord: rec, Run: r}
	}
	for _, check := range r.Checks {
		c := cells[check.Labels]
		if c == nil {
			c = &Result{Run: r, CellRecord: CellRecord{
				Type: TypeCell, Cell: check.Cell, Labels: check.Labels, Reason: NotJudged,
				Verdict: Untested, Opening: Untested, Delivery: Untested, Ending: Untested,
			}}
			cells[check.Labels] = c
		}
		c.add(check)
	}
	return cells
}

func (r *Result) add(check CheckRecord) {
	i := slices.IndexFunc(r.Checks, func(o CheckRecord) bool { return o.Check == check.Check })
	if i >= 0 {
		r.Checks[i] = check
		return
	}
	r.Checks = append(r.Checks, check)
}

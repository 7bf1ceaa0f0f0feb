package fidelity

// Share is how many of how many agree.
type Share struct{ Agree, Of int }

// Percent is the share in percent; 0 of nothing.
func (s Share) Percent() float64 {
	if s.Of == 0 {
		return 0
	}
	return 100 * float64(s.Agree) / float64(s.Of)
}

func (s *Share) count(agrees bool) {
	s.Of++
	if agrees {
		s.Agree++
	}
}

func (s *Share) add(o Share) {
	s.Agree += o.Agree
	s.Of += o.Of
}

// Shares are those of cells, checks and figures.
type Shares struct {
	Cells, Checks, Figures Share
	FalseWorks             int // cells: see CellPair
}

// Shares counts one pair.
func (r PairResult) Shares() Shares {
	var s Shares
	for _, c := range r.Cells {
		s.Cells.count(c.Agrees)
		if c.FalseWorks() {
			s.FalseWorks++
		}
		for _, k := range c.Checks {
			s.Checks.count(k.Agrees)
		}
	}
	for _, f := range r.Figures {
		s.Figures.count(f.Within)
	}
	return s
}

// Shares counts the pairs that of chooses; nil is all.
func (r Result) Shares(of func(Pair) bool) Shares {
	var all Shares
	for _, p := range r.Pairs {
		if of != nil && !of(p.Pair) {
			continue
		}
		s := p.Shares()
		all.Cells.add(s.Cells)
		all.Checks.add(s.Checks)
		all.Figures.add(s.Figures)
		all.FalseWorks += s.FalseWorks
	}
	return all
}

package scenarios

// Tier says what a question costs, and so when it is asked.
type Tier int

// The tiers. The zero value is Quick.
const (
	Quick    Tier = iota // asked in every run
	Thorough             // asked when proxies are named, in suites that want it, and by its id
	Full                 // asked by its id only, and in the suite of that name: it takes long
)

// String is how lists and flags call it.
func (t Tier) String() string {
	switch t {
	case Quick:
		return "quick"
	case Thorough:
		return "thorough"
	}
	return "full"
}

// UpTo returns the checks of a tier and of those below it, in order.
func UpTo(all []Check, t Tier) []Check {
	var out []Check
	for _, c := range all {
		if c.Tier <= t {
			out = append(out, c)
		}
	}
	return out
}

package scenarios

import "slices"

// Tier says in which runs a check is asked.
type Tier int

// The tiers. Each run asks those of its own tier and of the ones before it.
const (
	Quick    Tier = iota // asked in every run
	Thorough             // asked when proxies are named, in suites that want it, or by name
	Full                 // asked by name or by the suite full only: expensive
)

// String is the tier's name.
func (t Tier) String() string {
	switch t {
	case Quick:
		return "quick"
	case Thorough:
		return "thorough"
	}
	return "full"
}

// UpTo returns the checks of a tier and of those before it, in order.
func UpTo(all []Check, t Tier) []Check {
	return slices.DeleteFunc(slices.Clone(all), func(c Check) bool { return c.Tier > t })
}

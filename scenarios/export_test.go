package scenarios

import "time"

// UsualCost is what a matrix usually takes, the controls that it has to
// measure beside its cells included.
func UsualCost(m Matrix) time.Duration {
	var sum time.Duration
	cells := m.cells()
	controls := controlsOf(cells, nil)
	for _, c := range cells {
		if !isDirect(c.path) {
			sum += c.usualCost()
		}
	}
	for _, ctl := range controls {
		sum += cell{checks: ctl.checks}.usualCost()
	}
	return sum
}

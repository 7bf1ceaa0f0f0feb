package browsers

import "github.com/cometbench/cometbench/scenarios/measure"

// arrivals are the times at which the network had the messages of one exchange.
// Where it names them they are known; of a plain body it tells pieces only, which
// are taken for messages as long as there is one for each. The zero value is
// ready to use.
type arrivals struct {
	byID   map[string]int64
	pieces []int64
	told   int  // what the page has told of, messages and others
	uneven bool // pieces are not messages here
}

// mostPieces bounds what is kept for a page that tells of nothing.
const mostPieces = 4096

func (a *arrivals) note(c came) {
	switch {
	case c.message != "":
		if a.byID == nil {
			a.byID = map[string]int64{}
		}
		if len(a.byID) < mostPieces {
			a.byID[c.message] = c.at
		}
	case len(a.pieces)-a.told < mostPieces:
		a.pieces = append(a.pieces, c.at)
	default:
		a.uneven = true
	}
}

// held is how long the network had what the page tells of now, for messages; 0
// where that is not known.
func (a *arrivals) held(e measure.Event) int64 {
	var at int64
	if at = a.byID[e.ID]; at != 0 {
		delete(a.byID, e.ID)
	}
	switch e.Kind {
	case measure.Prelude, measure.Heartbeat, measure.Gap, measure.Received:
		a.told++
		a.uneven = a.uneven || a.told > len(a.pieces)
		if a.byID == nil && !a.uneven {
			at = a.pieces[a.told-1]
		}
	}
	if e.Kind != measure.Received || at == 0 {
		return 0
	}
	return max(1, e.T-at)
}

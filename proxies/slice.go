package proxies

import (
	"errors"
	"time"
)

func sliceFault() Fault {
	return Fault{
		Name:   "slice",
		Means:  "What the origin sends reaches the client in small slices with a pause after each.",
		Source: "links with a small MTU (toxiproxy slicer); decoders that take one read for one message break on it",
		Params: []Param{
			{Name: "bytes", Type: Bytes, Default: "64", Main: true, Means: "size of a slice"},
			{Name: "every", Type: Duration, Time: Wire, Default: "10ms", Means: "from one slice to the next"},
		},
		New: func(a Args) (Hooks, error) {
			every := a.Duration("every")
			if every > maxLatency {
				return Hooks{}, errors.New("more than a minute from one slice to the next is a cut")
			}
			return pace{
				size: int(min(a.Number("bytes"), 32<<10)),
				cost: func(int) time.Duration { return every },
			}.hooks(), nil
		},
	}
}

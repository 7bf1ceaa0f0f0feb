package scenarios

import (
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// diagnoseCut explains an exchange that the path ended while messages flowed.
func diagnoseCut(e *Evidence, technique measure.Technique, burst bool) diagnosis {
	end, _ := e.End()
	lived := time.Duration(0)
	if reqs := e.Requests(); len(reqs) > 0 {
		lived = time.UnixMicro(end.T).Sub(time.UnixMicro(reqs[0].T))
	}
	bytes := 0
	for _, ev := range ofKind(e.Client, measure.Received) {
		bytes += ev.Bytes
	}
	d := diagnosis{cause: "max-duration", values: map[string]float64{"lived_ms": ms(lived), "received_bytes": float64(bytes)}}
	d.got = fmt.Sprintf("the path ended the exchange (%s) after %s and %d bytes while messages were being sent", end.EndKind, short(lived), bytes)
	switch {
	case technique.Class == measure.ClassSocket && lived < 2*time.Second && !burst:
		d.cause = "upgrade-killed"
	case end.EndKind == measure.EndClean:
		d.cause = "truncated"
	case burst:
		d.cause = "max-bytes"
	case end.StreamReset:
		d.cause = "h2-reset"
		d.got += "; the stream alone was reset, its connection lives on"
	}
	return d
}

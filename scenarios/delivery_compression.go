package scenarios

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// DeliveryCompression asks whether the path compresses what the origin sends as
// it is, and if so whether every message still passes at once. Offered are gzip
// and deflate, as by a browser without TLS.
func DeliveryCompression() Check {
	return Check{
		ID: "delivery/compression", Question: "Is the stream compressed on the way, and does each message pass at once all the same?",
		Kind: measure.Observe, Axis: measure.Delivery, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials:  []Trial{steadyTrial(), largeTrial(), burstTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassSocket },
		Judge:   judgeCompression,
	}
}

func judgeCompression(c Case) Finding {
	steady := c.Evidence[steadyName]
	if bad, failed := openingFailure(c, steady); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	f := Finding{Verdict: measure.Works, Values: map[string]float64{"compressed": 0}, Want: []string{"each message at once, compressed or not"}}
	f.EndedBy, f.EndKind = steady.EndedBy()
	kind, held := "", ""
	for _, name := range []string{steadyName, "large", burstName} {
		enc := compressedOnTheWay(c, c.Evidence[name])
		if enc == "" {
			continue
		}
		kind = enc
		d := judgeDelivery(c, c.Evidence[name], name == burstName)
		f.Values["block_bytes"] = max(f.Values["block_bytes"], d.Values["block_bytes"])
		if d.Verdict != measure.Works && held == "" {
			held = d.Got
			f.Verdict, f.Cause, f.Doubtful = d.Verdict, "compression", d.Doubtful
		}
	}
	if kind == "" {
		f.Got = "nothing was compressed on the way"
		return f
	}
	f.Values["compressed"] = 1
	f.Got = "compressed on the way with " + kind
	f.Values["flushed"] = 1
	if held != "" {
		f.Values["flushed"] = 0
		f.Got += fmt.Sprintf(", and not each message flushed: %s", held)
		return f
	}
	f.Got += ", each message flushed"
	return f
}

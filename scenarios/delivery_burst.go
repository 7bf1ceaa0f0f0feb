package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// DeliveryBurst asks what flushes when: 320 KB, quickly, in small steps first. A
// path can be slow with so much and still be good, so it is no requirement;
// what it finds makes the cause of a buffered stream precise.
func DeliveryBurst() Check {
	return Check{
		ID: "delivery/burst", Question: "Do large messages in quick succession arrive as they are sent?",
		Kind: measure.Optimal, Axis: measure.Delivery, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{burstTrial()},
		Judge: func(c Case) Finding {
			e := c.Evidence["burst"]
			if bad, failed := openingFailure(c, e); failed {
				return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
			}
			return judgeDelivery(c, e, true)
		},
	}
}

package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// DeliveryLarge asks whether large messages, well spaced, arrive whole without
// waiting for the next one.
func DeliveryLarge() Check {
	return Check{
		ID: "delivery/large", Question: "Do large messages arrive without waiting for the next?",
		Kind: measure.Required, Axis: measure.Delivery, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{largeTrial()},
		Judge: func(c Case) Finding {
			f := judgeDelivery(c, c.Evidence["large"], false)
			if f.Cause == "hold-last" {
				// Each of these is larger than most blocks, so waiting for the next
				// message and waiting for a full block look the same.
				f.Cause = "buffer-until-bytes"
			}
			return f
		},
	}
}

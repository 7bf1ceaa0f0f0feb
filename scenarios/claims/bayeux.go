package claims

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The Bayeux server's crowd, and the rates at which it is sent messages until
// they come late.
const (
	bayeuxCrowd = 300
	bayeuxLasts = 2 * time.Second
	bayeuxLate  = 250 // ms
)

var bayeuxRates = []float64{1, 2, 5, 10, 20}

// BayeuxPerformance measures the figure that introductions to Bayeux leave out.
func BayeuxPerformance() Claim {
	techniques := []string{"bayeux-long-polling", "bayeux-websocket"}
	return Claim{
		Name: "bayeux-performance", Sentence: fmt.Sprintf("A Bayeux server serves %d clients a message a second each in time", bayeuxCrowd),
		Source: "a talk on Bayeux, whose figure was left out",
		Measured: fmt.Sprintf("%d clients of this project's Bayeux server on one channel, 1 to 20 messages a second to all, for %s each, until 1 of 100 is more than %d ms late; delays, and the processor time of the server's process. The clients run on the same machine, so that the figure is a lower bound",
			bayeuxCrowd, bayeuxLasts, bayeuxLate),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx, "--no-record")
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Answer: measure.ClaimHolds, Values: map[string]float64{"clients": bayeuxCrowd}}
			var said []string
			for _, technique := range techniques {
				most := 0.0
				var best served
				for _, rate := range bayeuxRates {
					s, err := crowd{technique: technique, subscribers: bayeuxCrowd, rate: rate, lasts: bayeuxLasts}.serve(ctx, origin)
					if err != nil {
						return a, err
					}
					late := p99(s.delays)
					a.Rows = append(a.Rows, fmt.Sprintf("%s, %g a second to each of %d: %d of %d delivered, p50 %.1f ms, p99 %.1f ms, %.1f %% of a core, %.0f us a delivery",
						technique, rate, bayeuxCrowd, s.received, s.expected, quantile(s.delays, .5), late, s.busy(), s.perDelivery()))
					if s.received < s.expected || late > bayeuxLate {
						break
					}
					most, best = rate, s
				}
				key := underscored(technique)
				a.Values[key+"_deliveries_per_s"] = most * bayeuxCrowd
				if most == 0 {
					a.Answer = measure.ClaimFails
					said = append(said, fmt.Sprintf("%s not even at %g a second", technique, bayeuxRates[0]))
					continue
				}
				a.Values[key+"_p99_ms"], a.Values[key+"_cpu_per_delivery_us"] = p99(best.delays), best.perDelivery()
				said = append(said, fmt.Sprintf("%s up to %.0f deliveries a second (p99 %.0f ms, %.0f us of the server's processor for each)", technique, most*bayeuxCrowd, p99(best.delays), best.perDelivery()))
			}
			a.Got = fmt.Sprintf("%d clients: %s", bayeuxCrowd, strings.Join(said, "; "))
			return a, nil
		},
	}
}

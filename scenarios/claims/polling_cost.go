package claims

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Polling against comet: so many subscribers, a message a second to all, and
// polls that are as fresh as four a second make them.
const (
	pollingCrowd = 50
	pollingPairs = 9
	pollingEvery = 250 * time.Millisecond
	pollingLasts = time.Second
)

// PollingCost asks how many times more than comet polling costs the server.
func PollingCost() Claim {
	return Claim{
		Name: "polling-cost", Sentence: "Polling costs the server many times what comet costs",
		Source: "Comet Daily, Comet is always better than polling (2007), and every introduction since; none has the number",
		Measured: fmt.Sprintf("%d subscribers get a message a second: by polling every %s, by long polling and by a stream; requests, bytes and the processor time of the server's process, the median of %d alternating rounds; many times is twice and more",
			pollingCrowd, pollingEvery, pollingPairs),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx, "--no-record")
			if err != nil {
				return Answer{}, err
			}
			names := []string{"short-poll", "long-poll", "eventsource"}
			rounds := map[string][]served{}
			for range pollingPairs {
				for _, name := range names {
					s, err := crowd{technique: name, subscribers: pollingCrowd, rate: 1, lasts: pollingLasts, interval: pollingEvery}.serve(ctx, origin)
					if err != nil {
						return Answer{}, err
					}
					rounds[name] = append(rounds[name], s)
				}
			}
			return pollingAnswer(rounds, names), nil
		},
	}
}

func pollingAnswer(rounds map[string][]served, names []string) Answer {
	a := Answer{Values: map[string]float64{}}
	poll := rounds["short-poll"]
	for _, name := range names {
		var cpu, requests, in, out []float64
		for _, s := range rounds[name] {
			cpu, requests = append(cpu, s.busy()), append(requests, float64(s.requests))
			in, out = append(in, float64(s.in)), append(out, float64(s.out))
		}
		key := underscored(name)
		a.Values[key+"_cpu_percent"], a.Values[key+"_requests"] = median(cpu), median(requests)
		a.Rows = append(a.Rows, fmt.Sprintf("%s: %.2f %% of a core, %.0f requests, %.0f bytes down and %.0f up a second", name, median(cpu), median(requests), median(in), median(out)))
	}
	for _, name := range names[1:] {
		var times, bytes []float64
		for i, s := range rounds[name] {
			times = append(times, poll[i].cpu.Seconds()/s.cpu.Seconds())
			bytes = append(bytes, float64(poll[i].in+poll[i].out)/float64(s.in+s.out))
		}
		key := underscored(name)
		a.Values["times_"+key+"_cpu"], a.Values["times_"+key+"_bytes"] = round(median(times)), round(median(bytes))
		a.Rows = append(a.Rows, fmt.Sprintf("polling takes %.1f times the processor time of %s (rounds: %.1f to %.1f) and %.1f times its bytes", median(times), name, slices.Min(times), slices.Max(times), median(bytes)))
	}
	held, stream := a.Values["times_long_poll_cpu"], a.Values["times_eventsource_cpu"]
	a.Answer = holds(min(held, stream) >= 2)
	a.Got = fmt.Sprintf("polling four times a second for a message a second takes %.1f times the processor time of long polling and %.1f times that of a stream", held, stream)
	return a
}

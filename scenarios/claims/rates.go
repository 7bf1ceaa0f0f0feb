package claims

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// The rates at which streaming and long polling are compared, and the rounds of
// each, which alternate.
var comparedRates = []float64{1, 2, 5, 10, 20, 50}

const (
	ratesCrowd  = 100 // as many as a 99th percentile wants at one message
	ratesRounds = 3
	ratesLasts  = time.Second
)

// StreamingBeats asks from which rate on a stream is better than long polls.
func StreamingBeats() Claim {
	return Claim{
		Name: "streaming-beats-long-polling", Sentence: "Streaming beats long polling once messages come often",
		Source: handedDown + ", who does not say how often",
		Measured: fmt.Sprintf("%d subscribers, 1 to 50 messages a second to all, by long polling and by EventSource, %d alternating rounds of %s each: the 99th percentile of delay, requests, the processor time of the server's process; better is less by a tenth at least, at that rate and all above",
			ratesCrowd, ratesRounds, ratesLasts),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx, "--no-record")
			if err != nil {
				return Answer{}, err
			}
			var steps []rateStep
			for _, rate := range comparedRates {
				s, err := compareAt(ctx, origin, rate)
				if err != nil {
					return Answer{}, err
				}
				steps = append(steps, s)
			}
			return ratesAnswer(steps), nil
		},
	}
}

// rateStep is one rate: what each technique took.
type rateStep struct {
	rate         float64
	held, stream atRate
}

type atRate struct{ p99, requests, cpu float64 } // ms, a second for each subscriber, percent of a core

func compareAt(ctx context.Context, origin scenarios.Origin, rate float64) (rateStep, error) {
	step := rateStep{rate: rate}
	rounds := map[string][]served{}
	for range ratesRounds {
		for _, name := range []string{"long-poll", "eventsource"} {
			s, err := crowd{technique: name, subscribers: ratesCrowd, rate: rate, lasts: ratesLasts}.serve(ctx, origin)
			if err != nil {
				return step, err
			}
			if s.received < s.expected {
				return step, fmt.Errorf("%s lost %d of %d messages at %g a second", name, s.expected-s.received, s.expected, rate)
			}
			rounds[name] = append(rounds[name], s)
		}
	}
	step.held, step.stream = together(rounds["long-poll"]), together(rounds["eventsource"])
	return step, nil
}

// together is the median of the rounds: one hiccup of the machine is no figure.
func together(rounds []served) atRate {
	var late, requests, cpu []float64
	for _, s := range rounds {
		late = append(late, p99(s.delays))
		requests = append(requests, float64(s.requests)/s.took.Seconds()/float64(s.subscribers))
		cpu = append(cpu, s.busy())
	}
	return atRate{round(median(late)), round(median(requests)), median(cpu)}
}

func ratesAnswer(steps []rateStep) Answer {
	a := Answer{Values: map[string]float64{}}
	for _, s := range steps {
		a.Rows = append(a.Rows, fmt.Sprintf("%g a second: p99 %.1f ms by long polling, %.1f ms by stream; %.1f and %.1f requests a second for each subscriber; %.2f and %.2f %% of a core",
			s.rate, s.held.p99, s.stream.p99, s.held.requests, s.stream.requests, s.held.cpu, s.stream.cpu))
		key := fmt.Sprintf("at_%g_", s.rate)
		a.Values[key+"long_poll_p99_ms"], a.Values[key+"stream_p99_ms"] = s.held.p99, s.stream.p99
		a.Values[key+"long_poll_cpu_percent"], a.Values[key+"stream_cpu_percent"] = s.held.cpu, s.stream.cpu
	}
	var said []string
	missing := 0
	for _, by := range []struct {
		what string
		of   func(atRate) float64
	}{
		{"requests", func(r atRate) float64 { return r.requests }}, {"processor time", func(r atRate) float64 { return r.cpu }}, {"p99", func(r atRate) float64 { return r.p99 }},
	} {
		rate, ok := beatsFrom(steps, by.of)
		if !ok {
			missing++
			said = append(said, fmt.Sprintf("in %s at no rate up to %g a second steadily", by.what, steps[len(steps)-1].rate))
			continue
		}
		last := steps[len(steps)-1]
		said = append(said, fmt.Sprintf("in %s from %g a second on (%.2f against %.2f at %g a second)", by.what, rate, by.of(last.stream), by.of(last.held), last.rate))
	}
	a.Got = "streaming is better " + strings.Join(said, "; ")
	a.Answer = holds(missing == 0)
	if missing == 1 || missing == 2 {
		a.Answer = measure.ClaimOnlyIf
	}
	return a
}

// beatsFrom is the least rate from which on the stream takes less, at every
// rate, by a tenth at least: less is no difference on these machines.
func beatsFrom(steps []rateStep, of func(atRate) float64) (rate float64, ok bool) {
	for i := len(steps) - 1; i >= 0; i-- {
		if !(of(steps[i].stream) < .9*of(steps[i].held)) {
			break
		}
		rate, ok = steps[i].rate, true
	}
	return rate, ok
}

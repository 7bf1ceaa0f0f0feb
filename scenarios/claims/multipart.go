package claims

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// MultipartBandwidth asks what a message costs on the wire by each technique.
func MultipartBandwidth() Claim {
	const bytes = "counting/bytes"
	techniques := []string{"short-poll", "long-poll", "callback-poll", "xhr-streaming", "fetch-streaming", "forever-iframe", "multipart", "eventsource", "content-length-stream", "websocket"}
	return Claim{
		Name: "multipart-bandwidth", Sentence: "A multipart answer saves the most bandwidth of all techniques",
		Source:   handedDown,
		Measured: "bytes on the client's connection, up and down, for a small message each 250 ms and for a minute of silence, without a proxy (the check counting/bytes)",
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			run, err := l.answers(ctx, question{name: "bytes", techniques: techniques, checks: []string{bytes}})
			if err != nil {
				return Answer{}, err
			}
			return bandwidth(run, techniques, bytes), nil
		},
	}
}

func bandwidth(run *measure.Run, techniques []string, check string) Answer {
	type cost struct {
		technique       string
		message, minute float64
	}
	var costs []cost
	a := Answer{Values: map[string]float64{}}
	for _, name := range techniques {
		c, ok := checkOf(run, check, func(l measure.Labels) bool { return l.Technique == name })
		if !ok || c.Verdict != measure.Works {
			a.Rows = append(a.Rows, fmt.Sprintf("%s: no answer (%s)", name, c.Got))
			continue
		}
		v := c.Values
		costs = append(costs, cost{name, v["message_in_bytes"] + v["message_out_bytes"], v["idle_minute_in_bytes"] + v["idle_minute_out_bytes"]})
	}
	slices.SortStableFunc(costs, func(a, b cost) int { return cmp.Compare(a.message, b.message) })
	rank := slices.IndexFunc(costs, func(c cost) bool { return c.technique == "multipart" })
	if rank < 0 || len(costs) < 2 {
		return untested("the bytes of multipart, or of all others, were not counted: %s", strings.Join(a.Rows, "; "))
	}
	for i, c := range costs {
		a.Rows = append(a.Rows, fmt.Sprintf("%d. %s: %.0f bytes a message, %.0f an idle minute", i+1, c.technique, c.message, c.minute))
		a.Values[underscored(c.technique)+"_message_bytes"] = c.message
	}
	a.Answer = holds(rank == 0)
	a.Got = fmt.Sprintf("a message by multipart takes %.0f bytes: it is %s of %d techniques from the cheapest, which is %s with %.0f", costs[rank].message, nth(rank+1), len(costs), costs[0].technique, costs[0].message)
	if rank == 0 {
		a.Got = fmt.Sprintf("a message by multipart takes %.0f bytes; next is %s with %.0f", costs[0].message, costs[1].technique, costs[1].message)
	}
	return a
}

// nth is an ordinal number.
func nth(n int) string {
	switch {
	case n == 1:
		return "the first"
	case n == 2:
		return "the second"
	case n == 3:
		return "the third"
	}
	return fmt.Sprintf("the %dth", n)
}

// MultipartBuffered asks which programs hold a multipart answer back.
func MultipartBuffered() Claim {
	const multipart = "multipart"
	return Claim{
		Name: "multipart-buffered", Sentence: "A multipart answer is held back by proxies that buffer",
		Source:     "ajaxpatterns.org, HTTP Streaming: a proxy on the way may buffer; of multipart as of every stream",
		Measured:   "a multipart stream through each program that is installed, read by the Go client, beside the same messages as XHR streaming",
		Techniques: []string{multipart, "xhr-streaming"},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			t, other := s.of(multipart, false), s.of("xhr-streaming", false)
			return Answer{
				Answer: holds(len(t.fails) > 0), Rows: s.rows(multipart, "xhr-streaming"), Values: s.count(nil, multipart, "xhr-streaming"),
				Got: fmt.Sprintf("%d of %d programs as they are stock hold it back or cut it%s; XHR streaming fares so with %d of %d", len(t.fails), t.asked(), listed(t.fails), len(other.fails), other.asked()),
			}, nil
		},
	}
}

// listed is a list behind a colon, "" when it is empty.
func listed(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

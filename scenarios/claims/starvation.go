package claims

import (
	"context"
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// starvedWorkers is how many requests the thread-per-request server serves at
// once: fewer than the crowd that counting/starvation brings.
const starvedWorkers = 50

// ThreadStarvation asks whether held requests take a server's threads away from
// all others.
func ThreadStarvation() Claim {
	const starvation = "counting/starvation"
	starving := []string{"long-poll"}
	return Claim{
		Name: "thread-starvation", Sentence: "Held requests starve a server of threads",
		Source:   "the documentation of Jetty's continuations, of Grizzly and of Tomcat, which give held requests their threads back",
		Measured: fmt.Sprintf("an ordinary request beside 1 to 100 held polls, at a server with %d threads, one for each request, and at one that takes no thread for what it holds (the check counting/starvation)", starvedWorkers),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			a := Answer{Values: map[string]float64{}}
			var starved, free int
			for _, flags := range [][]string{{"--workers", fmt.Sprint(starvedWorkers)}, nil} {
				kind := "a thread for each request"
				if flags == nil {
					kind = "no thread for what is held"
				}
				run, err := l.answers(ctx, question{name: fmt.Sprintf("starvation-%d", len(flags)/2), techniques: starving, checks: []string{starvation}, origin: flags, parallel: 1})
				if err != nil {
					return a, err
				}
				for _, name := range starving {
					c, ok := checkOf(run, starvation, func(l measure.Labels) bool { return l.Technique == name })
					if !ok || !c.Verdict.Counts() {
						return untested("%s, %s: %s %s", kind, name, c.Verdict, c.Got), nil
					}
					a.Rows = append(a.Rows, fmt.Sprintf("%s, %s: %s", kind, name, c.Got))
					switch {
					case flags != nil && c.Cause == "thread-starvation":
						starved++
					case flags == nil && c.Verdict == measure.Works:
						free++
						a.Values[underscored(name)+"_beside_100_ms"] = c.Values["beside_100_ms"]
					}
				}
			}
			a.Values["threads"] = starvedWorkers
			switch {
			case starved == len(starving) && free == len(starving):
				a.Answer = measure.ClaimOnlyIf
				a.Got = fmt.Sprintf("the server keeps a thread for each held request: with %d threads an ordinary request beside 100 held ones is not answered; without that it takes %.0f ms", starvedWorkers, a.Values["long_poll_beside_100_ms"])
			default:
				a.Answer = holds(starved == len(starving))
				a.Got = fmt.Sprintf("of %d techniques %d starve a server with %d threads, and %d do not starve one without", len(starving), starved, starvedWorkers, free)
			}
			return a, nil
		},
	}
}

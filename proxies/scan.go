package proxies

import "net/http"

func scanFault() Fault {
	return Fault{
		Name:     "scan",
		Means:    "The beginning of a response is held and inspected for a while; then it is released, and what follows passes.",
		Source:   "tracim/tracim#3235 (Avast, about 20 s), featurehub-io/featurehub#296 (Kaspersky), concourse/concourse#1859",
		Provokes: []Provoke{{"scan", "scan(for=20s)"}},
		Params: []Param{
			{Name: "for", Type: Duration, Time: Wire, Default: "20s", Main: true, Means: "time from the first held byte; a response that ends before is released at its end"},
			{Name: "head", Type: Word, Words: []string{"hold", "pass"}, Default: "pass", Means: "whether the head waits too, and starts the time"},
		},
		New: func(a Args) (Hooks, error) {
			plan := bufferPlan{every: a.Duration("for"), once: true, holdHead: a.Text("head") == "hold", max: maxHeld}
			return Hooks{Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
				return &bufferWriter{next: next, plan: plan, request: r}
			}}, nil
		},
	}
}

package proxies

import (
	"errors"
)

func firstByteFault() Fault {
	return Fault{
		Name:     "first-byte",
		Means:    "An exchange whose response does not begin in time is answered by the proxy, or ended.",
		Source:   "Fastly first_byte_timeout 15 s, Heroku H12 30 s, Cloudflare 524",
		Provokes: []Provoke{{"first-byte-timeout", "first-byte(after=15s)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Policy, Default: "15s", Main: true, Means: "time from the request to the response's head"},
			{Name: "end", Type: Word, Words: []string{endStatus, endFin, endRst, endSilence}, Default: endStatus, Means: "what the client sees: 504 (an answer of the proxy's), fin, rst or silence"},
			{Name: "status", Type: Count, Default: "504", Means: "of the answer, with end=504"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			return limit{after: a.Duration("after"), end: a.Text("end"), status: status, toHead: true, reason: "first byte timeout"}.hooks(), err
		},
	}
}

// statusOf checks a status parameter.
func statusOf(a Args) (int, error) {
	status := a.Number("status")
	if status < 200 || status > 599 {
		return 0, errors.New("status: want 200 to 599")
	}
	return int(status), nil
}

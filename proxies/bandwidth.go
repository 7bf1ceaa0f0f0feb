package proxies

import "time"

func bandwidthFault() Fault {
	return Fault{
		Name:   "bandwidth",
		Means:  "What the origin sends reaches the client at a limited rate, each exchange on its own.",
		Source: "slow links; traffic shaping (toxiproxy bandwidth)",
		Params: []Param{
			{Name: "rate", Type: Bytes, Default: "64k", Main: true, Means: "bytes a second"},
		},
		New: func(a Args) (Hooks, error) {
			rate := a.Number("rate")
			return pace{
				// A hundredth of a second at a time, and no more than a read holds.
				size: int(min(max(rate/100, 1), 32<<10)),
				cost: func(n int) time.Duration { return time.Duration(float64(n) / float64(rate) * float64(time.Second)) },
				late: true,
			}.hooks(), nil
		},
	}
}

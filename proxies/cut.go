package proxies

func cutFault() Fault {
	return Fault{
		Name:     "cut",
		Means:    "A stream is cut some time after its head has passed.",
		Source:   "coder/agentapi#204 (TLS inspection resets long streams after about 16 s)",
		Provokes: []Provoke{{"max-duration", "cut(after=16s)"}, {"truncated", "cut(after=16s,end=clean)"}},
		Params: []Param{
			{Name: "after", Type: Duration, Time: Wire, Default: "16s", Main: true, Means: "time from the response's head, in tunnels from their start"},
			{Name: "end", Type: Word, Words: endWords()[1:], Default: endFin, Means: "what the client sees: fin, rst, clean (a proper end) or silence"},
		},
		New: func(a Args) (Hooks, error) {
			return limit{after: a.Duration("after"), end: a.Text("end"), fromHead: true, reason: "cut"}.hooks(), nil
		},
	}
}

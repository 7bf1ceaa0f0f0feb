package measure

// Demos returns the demos as rows that cells can be about: historical systems
// in use (reference/demos), which take a browser. They are no techniques of the
// closed table, and a glob without a slash does not match them.
func Demos() []Technique {
	row := func(name string, c Class) Technique {
		return Technique{
			Name: "demo/" + name, Class: c, Demo: true, HTTP: []string{"1.1", "2"},
			HTTPNote: "a demo is a page, and a browser cannot be made to speak another version",
		}
	}
	return []Technique{
		row("rocket", ClassStream), row("grizzly-counter", ClassHeld), row("grizzly-counter-stream", ClassStream),
		row("resin-ticker", ClassStream), row("dwr", ClassStream), row("dwr-early-close", ClassStream),
		row("dwr-polling", ClassPoll), row("dwr-piggyback", ClassPoll), row("tennis", ClassStream),
		row("session-rater", ClassHeld), row("chat", ClassHeld),
	}
}

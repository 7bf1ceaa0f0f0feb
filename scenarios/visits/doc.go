// Package visits measures by browsers that come by themselves: whoever opens
// /self-test on a reference server, with whatever browser and through whatever
// lies between, is told which techniques reach them.
//
// The page (page/, plain old JavaScript) is a [measure.Client] by remote
// control: it posts what it saw, and each answer tells it what to subscribe to.
// The same trials, checks and judges as those of a matrix decide, and every
// visit leaves a run directory. [Visits] is a set of handlers; its path, the
// visitor's way, has no control to be held against (scenarios.Visited).
//
//	v, err := visits.New(visits.Config{Dir: "visits", Origin: scenarios.Inside(server.Inside())})
//	if err != nil { ... }
//	defer v.Close()
//	// mount v.Handlers() in reference.Config.Extra
//
// What it does not do: it opens no browser, and it asks only what a few seconds
// can show. Limits of silence and duration take longer than a visitor waits.
package visits

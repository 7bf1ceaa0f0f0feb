// Package browsers receives by real browsers: a browser is a [measure.Client]
// like the Go clients, so that a cell can ask what Chromium sees where the Go
// client sees something else.
//
// One browser process serves many subscriptions. Each has a browser context of
// its own, because connection pools, caches and the proxy are per context. The
// page of the technique (package pages) comes from the origin along the same
// path as the subscription, is started after it has loaded, and reports through
// a binding. The DevTools protocol adds what a page cannot see: response heads,
// connections, and how the network ended an exchange.
//
//	client, err := browsers.NewChromium(ctx, browsers.Options{})
//	if err != nil { ... } // *browsers.MissingError: nothing is installed
//	defer client.Close()
//	err = client.Subscribe(ctx, measure.Subscription{
//		Technique: "eventsource",
//		Target:    measure.Target{URL: "http://127.0.0.1:8080/t/eventsource?channel=c"},
//	}, func(e measure.Event) { ... })
//
// What it does not do: it installs nothing, judges nothing, and has no idea of
// the path between; whether a proxy was really used is for the caller to
// prove.
package browsers

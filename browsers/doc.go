// Package browsers receives by real browsers: a browser is a [measure.Client]
// like the Go clients, so that a cell can ask what Chromium, Firefox or WebKit
// sees where the Go client sees something else.
//
// Each subscription has a browser context of its own, because connection pools,
// caches and the proxy are per context: in Chromium and Firefox one process
// serves many, of WebKit each has a process. The page of the technique (package
// pages) comes from the origin along the same path as the subscription, is
// started after it has loaded, and reports what it sees. The DevTools protocol
// and WebDriver BiDi add what a page cannot see: response heads, connections,
// and how the network ended an exchange; WebKit's driver adds nothing.
//
//	client, err := browsers.New(ctx, "firefox", browsers.Options{})
//	if err != nil { ... } // *browsers.MissingError: nothing is installed
//	defer client.Close()
//	err = client.Subscribe(ctx, measure.Subscription{
//		Technique: "eventsource",
//		Target:    measure.Target{URL: "http://127.0.0.1:8080/t/eventsource?channel=c"},
//	}, func(e measure.Event) { ... })
//
// A browser is added by one file with its engine (how it is found and started,
// what it cannot do), and its implementations of process and page.
//
// What it does not do: it installs nothing, judges nothing, and has no idea of
// the path between; whether a proxy was really used is for the caller to
// prove.
package browsers

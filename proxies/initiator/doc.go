// Package initiator asks whether a path tells requests apart by who makes them:
// it asks one URL with the fields that a browser sends when an iframe navigates
// to it, and with those that it sends when a script asks, and compares what the
// origin was asked, what the client was given, and when.
//
// [Start] puts a proxy in front of an origin whose stream goes in lock-step with
// what arrives; [Comparer.Difference] compares for one media type and the
// fields of one [Engine].
//
//	c, err := initiator.Start(ctx, proxy)
//	if err != nil { ... }
//	defer c.Close()
//	difference, err := c.Difference("text/html", initiator.Engines()[0])
//
// What it does not do: it compares no techniques, whose media types differ; that
// is what the matrix is for.
package initiator

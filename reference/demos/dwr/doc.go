// Package dwr rebuilds the reverse Ajax of DWR: the server calls functions of
// its pages, and how the calls get there is a matter of configuration alone.
//
// With [Comet] a page holds a POST whose answer is streamed, or ends
// [Config].MaxWaitAfterWrite behind its first piece so that a buffer on the path
// lets go; with [Polling] it asks every few seconds; with [Piggyback] the calls
// ride on the answer to the page's own next call.
//
// A page is a [Session] (a script session): [Sessions] finds them by page and by
// group. Calls are numbered; the page acknowledges them with its next request,
// runs them in order and drops repeats. A session is over within a heartbeat of
// its page being left.
//
// Unlike the original a piece is not a script to evaluate but the call of a named
// function with JSON arguments, so that a content security policy can hold.
package dwr

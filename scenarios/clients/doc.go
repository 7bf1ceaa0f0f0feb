// Package clients receives pushed messages the way real receivers do, and says
// what it saw and when.
//
// It has two halves. A [Decoder] turns the bytes of one answer into [Item]s,
// one decoder per framing; it is fed, never reads, owns no goroutine and knows
// nothing of HTTP, so that a blocking client and an event-driven load engine
// can use the same one. [Go], made by [NewGo], is a [measure.Client] over
// net/http: it connects as its Target says, asks as a browser asks, feeds a
// decoder with each read and reports events.
//
// The decoders are written from the description of the wire alone and share no
// code with the server's encoders, so that the two can disagree and be caught.
// For the same reason they are strict: what the wire description does not
// allow becomes an error item, even where a browser would shrug.
//
// What it does not do: it judges nothing (checks do), drives no browser
// (package browsers does), offers no permessage-deflate on websockets, and
// unpacks a compressed body at the flush points of the sender, whereas a
// browser's inflater would also show a few bytes of an unfinished block.
package clients

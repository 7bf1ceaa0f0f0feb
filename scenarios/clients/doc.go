// Package clients receives pushed messages the way real receivers do, and says
// what it saw and when.
//
// It has two halves. A [Decoder] turns the bytes of one answer into [Item]s,
// one decoder per framing; it is fed, never reads, owns no goroutine and knows
// nothing of HTTP, so that a blocking client and an event-driven load engine
// can use the same one. [Go], made by [NewGo], is a [measure.Client] over
// HTTP/1.0 to HTTP/3: it connects as its Target says, asks as a browser asks,
// feeds a decoder with each read and reports events. A [Model] is the same
// client with the limits of a browser that nobody runs any more: between the
// bytes and the decoder stands a gate that shows them when it would have.
//
// The decoders are written from the description of the wire alone and share no
// code with the server's encoders, so that the two can disagree and be caught.
// For the same reason they are strict: what the wire description does not
// allow becomes an error item, even where a browser would shrug.
//
// How an exchange ended is told alike for all versions. Clean is the end that
// the framing knows: the last chunk, the declared length, END_STREAM. Rst is a
// reset of the connection or of the stream alone, and a GOAWAY that does not
// wait for the stream. Fin is a connection closed in between, silence one on
// which QUIC heard nothing more.
//
// What it does not do: it judges nothing (checks do), drives no browser
// (package browsers does), opens no websockets over HTTP/2 or HTTP/3, offers no permessage-deflate on websockets, and
// unpacks a compressed body at the flush points of the sender, whereas a
// browser's inflater would also show a few bytes of an unfinished block.
package clients

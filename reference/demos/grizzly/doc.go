// Package grizzly rebuilds the comet of Grizzly and GlassFish: an [Engine] of
// contexts by topic, handlers whose responses are suspended until somebody
// notifies, and the counter that its documentation shows, in both halves.
//
// A [Handler] is told of its events, one after the other on its [Context], and
// writes to its [Response]. A held response is written when it is resumed; a
// streaming one at once, and it goes on until it is resumed: that half the
// documentation left open.
//
// A response is over exactly once: interrupted, when its context's
// ExpirationDelay is over or the client left, else terminated. The delay is off
// by default, as it was.
package grizzly

// Package tennis rebuilds a game for two browsers and the small comet server
// under it (niceideas): a page asks serverComet.message?init=1 for a script, which
// makes a hidden iframe on serverComet.stream. What the page sends goes to
// serverComet.message and through a chain of handlers; what the server says
// arrives at handleServerMessage in the page.
//
// A [Client] is a page; it may hold two streams at once, which is how its iframe is
// renewed every 30 seconds unnoticed: the new one is there before the old goes,
// and messages that come twice are dropped by their number. A page whose last
// stream is gone for a heartbeat has quit.
//
// [Comet] is the server, [Handler] a link of its chain, [Game] the ball and the
// pads by themselves.
package tennis

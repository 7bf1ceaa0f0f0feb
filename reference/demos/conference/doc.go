// Package conference has the two demos that every Bayeux server came with, on the
// reference server's own (package bayeux): a session rater, where a conference's
// sessions are given stars and every page sees each vote at once, and a chat.
//
// A page publishes to a /service channel, which only the demo's own local client
// hears; that checks what it is told, keeps it, and publishes what follows from
// it. Pages may subscribe and publish nowhere else. New pages ask the service for
// what there is, and are answered alone.
//
// [NewRater] and [NewChat] make the demos; [service] is what they share.
package conference

// Package resin rebuilds the comet of Resin: a request is served once, stays
// suspended, and whoever holds its [Controller] wakes it. A wake carries no
// payload; what there is to say stands in the controller's attributes, so that
// two wakes before one resume are one.
//
// [New] makes the demo: a hidden iframe that gets ten script calls, one every
// two seconds, and is closed by the server after the tenth.
package resin

// Package pages holds the web pages by which a real browser receives: one HTML
// page per technique, without a build step, and two scripts that they share.
//
// [Handler] serves them; the origin mounts it at [Prefix], so that a page and
// its subscription reach the browser along the same path. A page does nothing
// until somebody calls cometbench.start in it. log.js carries what the page saw
// to a driver or, by HTTP, to the origin; comet.js is the life of a
// subscription; the technique itself is in TECHNIQUE.html.
//
// What it does not do: it drives no browser (package browsers does) and knows
// nothing of the server's encoders; the pages parse what WIRE.md describes.
package pages

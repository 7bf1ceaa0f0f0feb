// Package load holds many subscribers at a given publish rate and reports what
// it cost: delivery and spread percentiles, requests, connections, loss, and
// the memory and processor time of server and generator.
//
// Run does one step. The polls (short-poll, long-poll, callback-poll) are
// driven by vegeta, which measures whole answers: held requests end, so each is
// one of its hits. It cannot time a stream that does not end, so streaming
// techniques are refused here until the load engine for them exists.
//
// What it does not do: it starts no agents on other machines, and it does not
// look for the knee of a capacity curve.
package load

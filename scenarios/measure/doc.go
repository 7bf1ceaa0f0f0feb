// Package measure is the vocabulary of cometbench: what is asked (Target,
// Subscription), what was seen (Event), what it means (Verdict, Cause) and how
// it is written down (Run, CheckRecord, CellRecord, the run directory).
//
// It is a leaf. Clients, browsers and reports import nothing else of ours, so
// that a client cannot agree with the server by sharing its encoder, and a
// report can be rendered years later from its directory alone.
//
// The closed tables live here: Techniques, Verdicts, EventKinds, Causes. A
// name outside them is an error, not a new row.
//
// What it does not do: it opens no connection, starts no process and decides
// no verdict; checks in package scenarios do.
package measure

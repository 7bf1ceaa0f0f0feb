// Package advice proves what is advised against the causes that real programs
// show: it applies the advised lines to a copy of the program's configuration,
// has the same cells measured through that, and says whether the cause is gone.
//
// Plan reads a run and makes the copies; Plan.Narrow restricts the run's matrix
// to the cells in question, through the copies; Judge holds the second run
// against the first. The copies are files that a person can read, compare with
// the original and run: real:NAME@FILE.
//
// What is advised is measure.FixFor's. A cause without a line for this program
// is listed as not proven, with the reason.
package advice

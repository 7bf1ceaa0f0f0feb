// Package advice proves what is advised against the causes that real programs
// show: it applies the advised lines to a copy of the program's configuration,
// has the same cells measured through that, and says whether the cause is gone.
//
// Make reads a run, writes the copies and gives a Plan; Plan.Matrix restricts the
// run's matrix to the cells in question, through the copies; Plan.Judge holds the
// run of the copies against the first. Plan.Next goes on with what is left behind
// them, Besides says what became of the causes that stood behind those of the
// cells, and Sort adds what works instead of what could not be mended. The copies
// are files that a person can read, compare with the original and run:
// real:NAME@FILE.
//
// What is advised is measure.FixFor's. A cause without a line for this program
// is listed as not proven, with the reason.
package advice

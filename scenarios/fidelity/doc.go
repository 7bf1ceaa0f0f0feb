// Package fidelity says how true the simulation is: it lays what a run found
// through a real program beside what it found through the preset that claims
// to behave like it, cell by cell and check by check.
//
// Pairs is the table of who stands for whom; Compare reads a run directory and
// judges each pair. A pair whose program was skipped, or whose cells are
// missing, counts for nothing. The figures hold for the versions that the
// report names, and for no others.
package fidelity

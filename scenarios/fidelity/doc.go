// Package fidelity says how true the simulation is: it lays what a run found
// through a real program beside what it found through the preset that claims
// to behave like it, cell by cell and check by check.
//
// Pairs is the table of who stands for whom; Compare lays the runs of a suite
// that has both sides next to each other. A cell is judged by the checks that
// both sides answered: what the program was not asked, because its limit is
// longer than --max-wait, is listed and held against nobody. A pair whose
// program was skipped, or whose cells are missing, counts for nothing. The
// figures hold for the versions that the report names, and for no others.
package fidelity

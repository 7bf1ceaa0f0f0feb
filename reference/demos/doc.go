// Package demos has the systems that the techniques come from, rebuilt small on
// the reference server's own engines: as proof that they carry them, as pages
// that a person can open, and as scenarios.
//
// [All] lists them; [Mount] puts them on a server below /demo/. Each is a package
// of its own on a stage (package stage); none opens a connection of its own.
package demos

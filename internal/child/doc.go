// Package child runs other programs in the foreground and leaves nothing of
// them behind.
//
// [Start] gives a program a process group of its own and keeps the end of what
// it prints. [Child.Stop] asks it to end and kills the group if it does not;
// what the program leaves running when it ends by itself is killed as well. On
// Linux a child also gets a signal when this process dies without stopping it,
// even by kill -9. [Measure] adds up the memory, processor time and descriptors
// of a process and its descendants.
//
// The package knows nothing about the programs it runs: when they are ready,
// what their output means and which ports they use is the caller's to know.
package child

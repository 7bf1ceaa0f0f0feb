//go:build unix

package main

import "syscall"

// descriptors is how many files and sockets a process may open.
func descriptors() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}

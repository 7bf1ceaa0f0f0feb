// Package ports finds free TCP ports on the loopback interface for programs
// that must be told where to listen, and waits until they do.
//
// [Free] never returns the same address twice within the last 1,024 calls, so
// that programs started in parallel do not meet. Another process can still take
// a port between the answer and its use: the caller sees that when its program
// fails, and asks again.
//
// A Go listener needs none of this: it takes port 0.
package ports

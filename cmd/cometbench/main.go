// Command cometbench measures which ways of pushing messages from a server to
// a browser survive a path. Each command is one file: flags, an options
// struct, one library call.
package main

import "os"

func main() {
	// quic-go says on the global log that it would like larger UDP buffers; a
	// command's stderr is for what the user must know.
	os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

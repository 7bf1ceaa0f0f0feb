// Command cometbench measures which ways of pushing messages from a server to
// a browser survive a path. Each command is one file: flags, an options
// struct, one library call.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

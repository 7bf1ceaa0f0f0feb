//go:build !unix

package real

import (
	"os"
	"syscall"
)

// sigReloadWorkers and sigGraceful cannot be sent here, and the programs that
// take them do not run here either.
var sigReloadWorkers, sigGraceful os.Signal = syscall.SIGHUP, syscall.SIGHUP

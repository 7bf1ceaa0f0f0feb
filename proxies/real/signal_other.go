//go:build !unix

package real

import (
	"os"
	"syscall"
)

// sigReloadWorkers cannot be sent here, and haproxy does not run here either.
var sigReloadWorkers os.Signal = syscall.SIGHUP

// sigReloadTinyproxy cannot be sent here, as sigReloadWorkers.
var sigReloadTinyproxy os.Signal = syscall.SIGHUP

//go:build unix

package real

import (
	"os"
	"syscall"
)

// sigReloadWorkers is what haproxy's master reloads on.
var sigReloadWorkers os.Signal = syscall.SIGUSR2

// sigReloadTinyproxy is what tinyproxy reads its configuration again on.
var sigReloadTinyproxy os.Signal = syscall.SIGUSR1

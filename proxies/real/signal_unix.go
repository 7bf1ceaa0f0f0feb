//go:build unix

package real

import (
	"os"
	"syscall"
)

// sigReloadWorkers is what haproxy's master reloads on.
var sigReloadWorkers os.Signal = syscall.SIGUSR2

// sigGraceful is what apache2, lighttpd and tinyproxy reload on.
var sigGraceful os.Signal = syscall.SIGUSR1

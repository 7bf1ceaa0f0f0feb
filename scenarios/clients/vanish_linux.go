package clients

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// errVanish is why this system's clients cannot disappear.
var errVanish error

// deafen puts a filter on a socket that lets nothing in, or takes it away. The
// kernel drops what arrives before TCP has seen it (socket(7), SO_ATTACH_FILTER):
// no acknowledgement leaves, and no reset, exactly as if the host were gone.
// It needs no privilege.
func deafen(raw syscall.RawConn, deaf bool) {
	_ = raw.Control(func(fd uintptr) { // fails on a closed socket only, which hears nothing anyway
		if !deaf {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
			return
		}
		nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K} // accept 0 bytes
		_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
	})
}

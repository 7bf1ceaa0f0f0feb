//go:build !linux

package reference

import (
	"errors"
	"net"
	"time"
)

func setUserTimeout(*net.TCPConn, time.Duration) error {
	return errors.New("user_timeout is known on Linux only")
}

//go:build unix

package child

import "syscall"

// credential is whom the program runs as; nil is whom we run as.
func credential(cfg Config) *syscall.Credential {
	if cfg.UID == 0 && cfg.GID == 0 {
		return nil
	}
	return &syscall.Credential{Uid: cfg.UID, Gid: cfg.GID}
}

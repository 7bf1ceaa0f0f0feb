//go:build unix && !linux

package child

import (
	"errors"
	"os"
	"syscall"
)

// sysProcAttr makes the program the leader of a new group.
func sysProcAttr(cfg Config) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(cfg)}
}

// reap waits for the program's end and kills what it left running.
func (c *Child) reap() {
	_ = c.cmd.Wait() // the state says it all
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = killGroup(c.cmd.Process)
	c.state, c.reaped = c.cmd.ProcessState, true
}

// killGroup kills everything in p's group.
func killGroup(p *os.Process) error {
	// A group of nothing but a zombie is EPERM on macOS.
	err := syscall.Kill(-p.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) {
		return os.ErrProcessDone
	}
	return err
}

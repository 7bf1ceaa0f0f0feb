//go:build !unix

package child

import (
	"os"
	"syscall"
)

func sysProcAttr(Config) *syscall.SysProcAttr { return nil }

// reap waits for the program's end. There are no groups here: what the program
// left running stays.
func (c *Child) reap() {
	_ = c.cmd.Wait() // the state says it all
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.reaped = c.cmd.ProcessState, true
}

func killGroup(p *os.Process) error { return p.Kill() }

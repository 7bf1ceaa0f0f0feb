package child

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysProcAttr makes the program the leader of a new group and ties its life to
// ours.
func sysProcAttr(cfg Config) *syscall.SysProcAttr {
	sig := cfg.DeathSignal
	if sig == 0 {
		sig = syscall.SIGKILL
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig, Credential: credential(cfg)}
}

// reap waits for the program's end and kills what it left running. That comes
// before the wait proper: as long as the leader is a zombie, the number of its
// group cannot belong to anybody else.
func (c *Child) reap() {
	for {
		err := unix.Waitid(unix.P_PID, c.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = killGroup(c.cmd.Process)
	_ = c.cmd.Wait() // the state says it all
	c.state, c.reaped = c.cmd.ProcessState, true
}

// killGroup kills everything in p's group.
func killGroup(p *os.Process) error {
	if err := unix.Kill(-p.Pid, unix.SIGKILL); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}

package browsers

import (
	"os"
	"os/exec"
	"syscall"
)

// setOwnGroup also asks the kernel to kill the browser when this program dies
// without a chance to do so; its helpers leave when their pipes to it close.
func setOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }

//go:build !unix

package browsers

import (
	"os"
	"os/exec"
)

// setOwnGroup does nothing here: the helpers leave when the browser does.
func setOwnGroup(*exec.Cmd) {}

func killGroup(p *os.Process) error { return p.Kill() }

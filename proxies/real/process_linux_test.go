package real_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies/real"
)

// processes returns the program's processes: the members of the group whose
// leader runs in the instance's directory.
func processes(t *testing.T, in *real.Instance) []string {
	t.Helper()
	var pids []string
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		if cwd, err := os.Readlink("/proc/" + entry.Name() + "/cwd"); err == nil && cwd == in.Dir() {
			pids = append(pids, entry.Name())
		}
	}
	if len(pids) < 2 {
		t.Errorf("processes %v; want a master and a worker", pids)
	}
	return pids
}

func running(pid string) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

package real_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cometbench/cometbench/proxies"
)

// asMember is set in the environment of the run as an ordinary user.
const asMember = "COMETBENCH_TEST_AS_MEMBER"

// TestAsAnOrdinaryUser runs one test of this binary again without privileges
// when we have them; otherwise all the others are that test already.
func TestAsAnOrdinaryUser(t *testing.T) {
	if os.Getenv(asMember) != "" {
		stock(t, func(t *testing.T, p proxies.Proxy) {
			to := origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
			in := start(t, p, to)
			c, u := reach(t, in, to)
			if got := get(t, c, u); got != "hello" {
				t.Errorf("got %q", got)
			}
			counted(t, p, in, 1)
		})
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: the other tests run as an ordinary user")
	}
	// The binary and its directories lie where only root can enter.
	dir, err := os.MkdirTemp("", "cometbench-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "real.test")
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), copied, "-test.run=^TestAsAnOrdinaryUser$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asMember+"=1", "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as an ordinary user: %v\n%s", err, said)
	}
}

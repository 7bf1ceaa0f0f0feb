package proxies

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The transparent hop beside haproxy and beside no proxy at all. It wants two
// minutes of a machine that does little else: make peers. What always holds is
// in TestTransparentCrowd.
func TestPeers(t *testing.T) {
	if os.Getenv("COMETBENCH_PEERS") == "" {
		t.Skip("COMETBENCH_PEERS is not set; make peers sets it")
	}
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		haproxy = "/usr/sbin/haproxy"
	}
	if told, err := exec.Command(haproxy, "-v").CombinedOutput(); err != nil {
		t.Skipf("haproxy is not installed (apt-get install haproxy): %s %v", told, err)
	}
	t.Run("throughput", func(t *testing.T) {
		origin := rawOrigin(t, nil)
		ours, theirs := childHop(t, origin.String()), childHaproxy(t, haproxy, origin.Host)
		for _, query := range []string{"", "?chunk=16384", "?chunk=1024"} {
			throughput(t, query, ours, theirs)
		}
	})
	t.Run("delay", func(t *testing.T) {
		o := newTimedOrigin(t)
		paths := []timedPath{{"direct", o.at}, {"transparent", childHop(t, "http://"+o.at)}, {"haproxy", childHaproxy(t, haproxy, o.at)}}
		delays(t, o, paths, 50, 9)
		delays(t, o, paths, 50*streams, 3)
	})
}

// throughput downloads by turns, and wants no more than twice the other's time.
func throughput(t *testing.T, query, ours, theirs string) {
	const pairs = 15
	var ratios, times []float64
	for i := range pairs + 1 {
		one := func(at string) float64 {
			began := time.Now()
			download(t, at, query)
			return time.Since(began).Seconds()
		}
		var a, b float64
		if i%2 == 0 {
			a, b = one(ours), one(theirs)
		} else {
			b, a = one(theirs), one(ours)
		}
		if i > 0 { // the first pair warms up
			ratios, times = append(ratios, a/b), append(times, a)
		}
	}
	low, mid, high := interval(ratios)
	_, took, _ := interval(times)
	t.Logf("64 MB%s: %.2f times haproxy's time (95 %% of medians within %.2f to %.2f, %d pairs); %.0f MB/s", query, mid, low, high, pairs, largeSize/1e6/took)
	if mid > 2 {
		t.Errorf("more than twice haproxy's time")
	}
}

// interval is the median with the bounds between which it lies in at least 95
// of 100 repetitions, by order statistics. Fewer than six samples cannot say so
// much: then the bounds are all that was seen.
func interval(samples []float64) (low, mid, high float64) {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	// The largest k for which P(Binomial(n, 1/2) < k) is at most 2.5 %.
	term := 1.0
	for range n {
		term /= 2
	}
	k, below := 0, 0.0
	for below+term <= 0.025 {
		below += term
		term = term * float64(n-k) / float64(k+1)
		k++
	}
	k = max(k-1, 0)
	return s[k], s[n/2], s[n-1-k]
}

// childHop is a transparent hop in a process of its own, as haproxy is.
func childHop(t *testing.T, origin string) string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "COMETBENCH_TEST_HOP="+origin)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the hop does not say where it is")
	}
	return lines.Text()
}

func childHaproxy(t *testing.T, program, origin string) string {
	text, err := os.ReadFile("testdata/programs/haproxy-streaming.conf")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	free.Close()
	file := filepath.Join(dir, "config")
	writeConfig(t, file, string(text), dir, listen, origin)
	cmd := exec.Command(program, "-db", "-f", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", listen); err == nil {
			c.Close()
			return listen
		}
	}
	t.Fatal("haproxy does not answer")
	return ""
}

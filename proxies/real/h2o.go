package real

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func h2o() Program {
	return Program{
		Name:    "h2o",
		Package: "h2o",
		Means:   "a web server for HTTP/2; keeps the head of an answer until its first byte",
		Configs: []Config{
			embedded("h2o", "stock", "Debian's shape with only the upstream set: silences of 30 s, no Upgrade"),
			embedded("h2o", "streaming", "what its documentation offers: websockets passed on, silences of 1 h"),
			embedded("h2o", "websocket", "websockets passed on, silences of 20 s"),
		},
		driver: h2oDriver{},
	}
}

type h2oDriver struct{ silent }

var h2oVersion = regexp.MustCompile(`h2o version (\S+)`)

func (h2oDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, h2oVersion }

func (h2oDriver) back(string) string { return "1.1" }

// front has HTTP/2 by prior knowledge, as every listener of h2o.
func (h2oDriver) front(string) []string { return []string{"1.0", "1.1", "2"} }

// h2oOutside are the settings of the whole server that reach outside an
// instance's directory or change its user.
var h2oOutside = []string{"access-log", "crash-handler", "error-log", "pid-file", "temp-buffer-path", "user"}

// lay writes the configuration with the settings of h2oOutside blanked where
// they stand in a line of their own at the margin.
//
// The master mode is the one of Debian's unit and the only one that reloads.
func (h2oDriver) lay(dir, text string) (child.Config, error) {
	conf := blank(text, func(word string) bool { return slices.Contains(h2oOutside, word) })
	own := []string{"error-log: /dev/stderr", "pid-file: " + filepath.Join(dir, "h2o.pid"), "temp-buffer-path: " + dir}
	if os.Geteuid() == 0 {
		own = append(own, "user: root") // another could not enter our directory
	}
	if err := write(confPath(dir), strings.TrimRight(conf, "\n")+"\n"+strings.Join(own, "\n")+"\n"); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args: []string{"-m", "master", "-c", confPath(dir)},
		// The master ends its workers on these.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

var h2oComplaint = regexp.MustCompile(`(?m)^(\[.*?:\d+\] .*|failed to parse configuration file .*|failed to .*|\[ERROR\] .*)$`)

func (h2oDriver) complaint(said string) string {
	if found := h2oComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

// h2oLinger is how long a reload waits for the old worker, which ends at once
// unless it holds connections.
const h2oLinger = 200 * time.Millisecond

// reloadIn returns when the old worker takes no more connections: while the new
// one starts beside it, either may answer.
func (h2oDriver) reloadIn(ctx context.Context, _ string, c *child.Child) error {
	before := c.Stderr().Total()
	if err := c.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	if err := printed(ctx, c, c.Stderr(), before, "killing old workers"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, h2oLinger)
	defer cancel()
	if err := printed(ctx, c, c.Stderr(), before, " died, status:"); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

var (
	h2oSessions    = regexp.MustCompile(`"num-sessions": (\d+)`)
	h2oConnections = regexp.MustCompile(`"connections": (\d+)`)
)

// counters reads the status page, which tells of connections only.
func (h2oDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	req, err := http.NewRequest(http.MethodGet, "http://counters/json?show=main", nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask h2o: %w", err)
	}
	said, err := ask(ctx, "unix", filepath.Join(dir, "status.sock"), req)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask h2o: %w", err)
	}
	sessions, open := h2oSessions.FindSubmatch(said), h2oConnections.FindSubmatch(said)
	if sessions == nil || open == nil {
		return proxies.Stats{}, fmt.Errorf("ask h2o: %w", errNoCounters)
	}
	return proxies.Stats{Hits: -1, Accepted: number(sessions[1]), Upstream: -1, OpenClients: number(open[1]) - 1}, nil
}

// asked: the question is a connection of its own.
func (h2oDriver) asked() proxies.Stats { return proxies.Stats{Accepted: 1} }

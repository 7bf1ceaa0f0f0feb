package real

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func lighttpd() Program {
	return Program{
		Name:    "lighttpd",
		Package: "lighttpd",
		Means:   "lighttpd's mod_proxy; collects whole answers unless told otherwise",
		Configs: []Config{
			embedded("lighttpd", "stock", "Debian's settings, mod_proxy with only the server set: answers collected to their end, no Upgrade"),
			embedded("lighttpd", "streaming", "as its documentation advises: stream-response-body=2, Upgrade passed, limits of 1 h"),
			embedded("lighttpd", "response-only", "stock with answers streamed (stream-response-body=1): no Upgrade"),
		},
		driver: lighttpdDriver{},
	}
}

type lighttpdDriver struct{}

var lighttpdVersion = regexp.MustCompile(`lighttpd/(\S+)`)

func (lighttpdDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, lighttpdVersion }

var lighttpdHTTP10 = regexp.MustCompile(`(?m)^[^#\n]*"force-http10"\s*=>\s*"enable"`)

// back is 1.1 unless the configuration says otherwise.
func (lighttpdDriver) back(text string) string {
	if lighttpdHTTP10.MatchString(text) {
		return "1.0"
	}
	return "1.1"
}

var lighttpdNoHTTP2 = regexp.MustCompile(`(?m)^[^#\n]*"server\.h2c"\s*=>\s*"disable"`)

// front has HTTP/2 with prior knowledge unless the configuration says otherwise,
// which Debian's says is on and which is so without a word (1.4.69).
func (lighttpdDriver) front(text string) []string {
	if lighttpdNoHTTP2.MatchString(text) {
		return []string{"1.0", "1.1"}
	}
	return []string{"1.0", "1.1", "2"}
}

// lay writes the configuration with the settings that would leave the directory
// blanked, and adds what takes their place. It is one process and stays the
// current user, root too.
func (lighttpdDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), lighttpdPrivate(text)+lighttpdInside(dir)); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:        []string{"-D", "-f", confPath(dir)},
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGKILL,
	}, nil
}

// lighttpdInside is what goes to the end of a configuration: a place inside dir
// for bodies, and one to ask for the counters. := replaces what a file that is
// included may say; a module that is there already is no error.
func lighttpdInside(dir string) string {
	inside := fmt.Sprintf("\nserver.upload-dirs := ( %q )\n", dir)
	if path := lighttpdSocket(dir); len(path) < maxSocketPath {
		inside += fmt.Sprintf("server.modules += ( \"mod_status\" )\n$SERVER[\"socket\"] == %q {\n"+
			"proxy.server = ()\nstatus.status-url = \"/status\"\nstatus.statistics-url = \"/statistics\"\n}\n", path)
	}
	return inside
}

func lighttpdSocket(dir string) string { return filepath.Join(dir, "status.sock") }

// lighttpdSays takes a line of the error log apart: the time, the place in the
// source, and the message.
var lighttpdSays = regexp.MustCompile(`(?m)^[-\d]+ [:\d]+: \(\S+\) (.*)$`)

func (lighttpdDriver) complaint(stderr string) string {
	for _, found := range lighttpdSays.FindAllStringSubmatch(stderr, -1) {
		if message := found[1]; !strings.HasPrefix(message, "WARNING") && !strings.HasPrefix(message, lighttpdStarted) {
			return strings.TrimPrefix(message, "source: ")
		}
	}
	return ""
}

func (lighttpdDriver) reload() os.Signal { return sigGraceful }

// lighttpdStarted is what it logs when it serves, at the start and after a
// reload.
const lighttpdStarted = "server started"

// reloadIn: the process stays the same, so its log has to tell. A connection that
// is open holds the reload up until it ends, or until
// server.graceful-shutdown-timeout.
func (d lighttpdDriver) reloadIn(ctx context.Context, _ string, c *child.Child) error {
	return signalled(ctx, c, d.reload(), c.Stderr(), lighttpdStarted)
}

// counters reads mod_status: from the statistics what mod_proxy has been asked
// for, and how often a server was connected to; from the status how many
// connections are open. Its own count of requests is a second behind.
func (lighttpdDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	stats := proxies.Stats{Accepted: -1}
	for path, read := range map[string]func([]byte, *proxies.Stats) error{"/statistics": lighttpdTable, "/status?json": lighttpdOpen} {
		req, err := http.NewRequest(http.MethodGet, "http://status"+path, nil)
		if err != nil {
			return proxies.Stats{}, fmt.Errorf("ask lighttpd: %w", err)
		}
		page, err := ask(ctx, "unix", lighttpdSocket(dir), req)
		if err == nil {
			err = read(page, &stats)
		}
		if err != nil {
			return proxies.Stats{}, fmt.Errorf("ask lighttpd: %w", err)
		}
	}
	return stats, nil
}

// lighttpdTable adds up the lines of the statistics.
func lighttpdTable(page []byte, to *proxies.Stats) error {
	for line := range strings.Lines(string(page)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
			return errNoCounters
		case name == "proxy.requests":
			to.Hits += n
		case strings.HasPrefix(name, "gw.backend.") && strings.HasSuffix(name, ".connected"):
			to.Upstream += n
		}
	}
	return nil
}

// lighttpdOpen reads how many connections are open, our own aside.
func lighttpdOpen(page []byte, to *proxies.Stats) error {
	var status struct{ BusyServers *int }
	if err := json.Unmarshal(page, &status); err != nil {
		return errors.Join(errNoCounters, err)
	}
	if status.BusyServers == nil {
		return errNoCounters
	}
	to.OpenClients = *status.BusyServers - 1
	return nil
}

// asked: what is asked for is not passed to a server.
func (lighttpdDriver) asked() proxies.Stats { return proxies.Stats{} }

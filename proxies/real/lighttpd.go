package real

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
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
		},
		driver: lighttpdDriver{},
	}
}

type lighttpdDriver struct{}

var lighttpdVersion = regexp.MustCompile(`lighttpd/(\S+)`)

func (lighttpdDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, lighttpdVersion }

var lighttpdHTTP10 = regexp.MustCompile(`(?m)^[^#\n]*"force-http10"\s*=>\s*"enable"`)

// back is 1.1 unless the configuration says otherwise: that is lighttpd's
// default from 1.4.46 on.
func (lighttpdDriver) back(text string) string {
	if lighttpdHTTP10.MatchString(text) {
		return "1.0"
	}
	return "1.1"
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

// readAgain: the process stays the same, so its log has to tell. A connection
// that is open holds the reload up until it ends, or until
// server.graceful-shutdown-timeout.
func (d lighttpdDriver) readAgain(ctx context.Context, in *Instance) error {
	log := in.child.Stderr()
	before := log.Total()
	if err := in.child.Signal(d.reload()); err != nil {
		return err
	}
	for {
		said := log.String()
		if said = said[max(0, len(said)-int(log.Total()-before)):]; strings.Contains(said, lighttpdStarted) {
			return nil
		}
		if err := in.pause(ctx); err != nil {
			return err
		}
	}
}

// counters reads mod_status: from the statistics what mod_proxy has been asked
// for, and how often a server was connected to; from the status how many
// connections are open. Its own count of requests is a second behind.
func (lighttpdDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", lighttpdSocket(dir))
		},
	}
	defer transport.CloseIdleConnections()
	ask := func(path string, read func(io.Reader) error) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://status"+path, nil)
		if err != nil {
			return fmt.Errorf("ask lighttpd: %w", err)
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			return fmt.Errorf("ask lighttpd: %w", err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("ask lighttpd: %w", errNoCounters)
		}
		if err := read(io.LimitReader(resp.Body, maxFile)); err != nil {
			return fmt.Errorf("ask lighttpd: %w", err)
		}
		return nil
	}
	stats := proxies.Stats{Accepted: -1}
	err := ask("/statistics", func(r io.Reader) error { return lighttpdTable(r, &stats) })
	if err == nil {
		err = ask("/status?json", func(r io.Reader) error { return lighttpdOpen(r, &stats) })
	}
	return stats, err
}

// lighttpdTable adds up the lines of the statistics.
func lighttpdTable(r io.Reader, to *proxies.Stats) error {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
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
func lighttpdOpen(r io.Reader, to *proxies.Stats) error {
	var status struct{ BusyServers *int }
	if err := json.NewDecoder(r).Decode(&status); err != nil {
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

package real

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func haproxy() Program {
	return Program{
		Name:    "haproxy",
		Package: "haproxy",
		Means:   "a load balancer that passes bytes on as they come",
		Configs: []Config{
			embedded("haproxy", "stock", "Debian's defaults with a frontend and a backend: timeouts of 50 s"),
			embedded("haproxy", "streaming", "as its documentation advises: http-no-delay, abortonclose, timeouts of 1 h"),
			embedded("haproxy", "buffer-request", "requests collected before they are passed on (http-buffer-request), answers not delayed"),
		},
		driver: haproxyDriver{},
	}
}

type haproxyDriver struct{}

var haproxyVersion = regexp.MustCompile(`(?i)ha-?proxy version (\S+)`)

func (haproxyDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, haproxyVersion }

func (haproxyDriver) back(string) string { return "1.1" }

// lay writes the configuration with the lines that would leave the directory
// blanked, and a second file with what takes their place.
//
// The master-worker mode is the one Debian's unit uses and the only one that
// can reload. noreuseport makes a port that another haproxy holds an error;
// without it the two would share the connections.
func (haproxyDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), haproxyPrivate(text)); err != nil {
		return child.Config{}, err
	}
	own := "global\n\tnoreuseport\n"
	if path := haproxySocket(dir); len(path) < maxSocketPath {
		own += "\tstats socket " + strings.ReplaceAll(path, " ", `\ `) + " mode 600\n"
	}
	ownPath := filepath.Join(dir, "cometbench.conf")
	if err := write(ownPath, own); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args: []string{"-W", "-db", "-f", confPath(dir), "-f", ownPath},
		// The master ends its workers on these.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

func haproxySocket(dir string) string { return filepath.Join(dir, "stats.sock") }

// haproxyOutside are the keywords of the global section that reach outside an
// instance's directory, change its user or take it into the background.
// Debian's haproxy.cfg has most of them.
var haproxyOutside = []string{"chroot", "daemon", "gid", "group", "log", "pidfile", "stats", "uid", "user"}

// haproxySections begin a section (configuration manual, 2.1 and 2.4).
var haproxySections = []string{
	"global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "mailers", "userlist",
	"program", "cache", "http-errors", "ring", "fcgi-app", "log-forward", "crt-store", "traces",
}

// haproxyPrivate blanks the lines of haproxyOutside. Lines keep their numbers,
// so that haproxy's messages fit the user's file.
func haproxyPrivate(conf string) string {
	lines := strings.SplitAfter(conf, "\n")
	section := ""
	for i, line := range lines {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case slices.Contains(haproxySections, words[0]):
			section = words[0]
		case section == "global" && slices.Contains(haproxyOutside, words[0]):
			lines[i] = strings.Repeat("\n", strings.Count(line, "\n"))
		}
	}
	return strings.Join(lines, "")
}

var haproxyComplaint = regexp.MustCompile(`(?m)^\[ALERT\] .*?\(\d+\) : (?:config : )?(.*)$`)

func (haproxyDriver) complaint(stderr string) string {
	if found := haproxyComplaint.FindStringSubmatch(stderr); found != nil {
		return found[1]
	}
	return ""
}

func (haproxyDriver) reload() os.Signal { return sigReloadWorkers }

// counters reads the table of `show stat` (management guide, 9.1): the
// frontends hold what clients did, the backends what went to the origin.
func (haproxyDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", haproxySocket(dir))
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask haproxy: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // without it the read below is only unbounded
	}
	if _, err := io.WriteString(conn, "show stat\n"); err != nil {
		return proxies.Stats{}, fmt.Errorf("ask haproxy: %w", err)
	}
	table := csv.NewReader(io.LimitReader(conn, maxFile))
	table.FieldsPerRecord = -1
	rows, err := table.ReadAll()
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask haproxy: %w", err)
	}
	if len(rows) < 2 {
		return proxies.Stats{}, fmt.Errorf("ask haproxy: %w", errNoCounters)
	}
	return haproxyTable(rows[0], rows[1:])
}

// haproxyTable adds the rows up.
func haproxyTable(head []string, rows [][]string) (proxies.Stats, error) {
	column := make(map[string]int)
	for _, name := range []string{"svname", "scur", "req_tot", "conn_tot", "connect"} {
		i := slices.Index(head, name)
		if i < 0 {
			return proxies.Stats{}, fmt.Errorf("ask haproxy: no column %s: %w", name, errNoCounters)
		}
		column[name] = i
	}
	var s proxies.Stats
	for _, row := range rows {
		number := func(name string) int {
			if i := column[name]; i < len(row) {
				n, _ := strconv.Atoi(row[i]) // empty where it has no meaning
				return n
			}
			return 0
		}
		if len(row) <= column["svname"] {
			continue
		}
		switch row[column["svname"]] {
		case "FRONTEND":
			s.Hits += number("req_tot")
			s.Accepted += number("conn_tot")
			s.OpenClients += number("scur")
		case "BACKEND":
			s.Upstream += number("connect")
		}
	}
	return s, nil
}

// asked: the socket has a frontend of its own that the table leaves out.
func (haproxyDriver) asked() proxies.Stats { return proxies.Stats{} }

package real

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func tinyproxy() Program {
	return Program{
		Name:    "tinyproxy",
		Package: "tinyproxy",
		Means:   "a small forward proxy that passes bytes on as they come",
		Configs: []Config{
			embedded("tinyproxy", "stock", "forward proxy, Debian's settings for one origin: CONNECT to any port, silences of 600 s"),
			embedded("tinyproxy", "timeout", "stock with silences of 60 s"),
		},
		driver: tinyproxyDriver{},
	}
}

type tinyproxyDriver struct{ silent }

var tinyproxyVersion = regexp.MustCompile(`tinyproxy (\S+)`)

func (tinyproxyDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, tinyproxyVersion }

func (tinyproxyDriver) back(string) string { return "1.1" }

func (tinyproxyDriver) modes(string) []proxies.Mode { return []proxies.Mode{proxies.Forward} }

// tinyproxyOutside are the directives, in lower case, that reach outside an
// instance's directory or change its user, and that of the page of counters.
var tinyproxyOutside = []string{"group", "logfile", "pidfile", "statfile", "syslog", "user"}

// tinyproxyHost is the host whose page holds the counters. A file of the user's
// that names another, or whose filter keeps it out, leaves them unknown.
const tinyproxyHost = "tinyproxy.stats"

// lay writes the configuration with the lines of tinyproxyOutside blanked.
func (tinyproxyDriver) lay(dir, text string) (child.Config, error) {
	files := sections(text, filepath.Base(confPath(dir)))
	page := filepath.Join(dir, "counters.html")
	files[filepath.Base(page)] = "{reqs} {opens}\n"
	conf := blank(files[filepath.Base(confPath(dir))], func(word string) bool {
		return slices.Contains(tinyproxyOutside, strings.ToLower(word))
	})
	files[filepath.Base(confPath(dir))] = conf + fmt.Sprintf("\nStatFile %q\n", page)
	if err := writeSections(dir, files); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:        []string{"-d", "-c", confPath(dir)},
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

var tinyproxyComplaint = regexp.MustCompile(`(?m)^(?:ERROR:?|CRITICAL|tinyproxy:)\s+(?:\w+ \d+ \S+ \[\d+\]: )?(.*)$`)

func (tinyproxyDriver) complaint(said string) string {
	if found := tinyproxyComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

func (tinyproxyDriver) reloadIn(ctx context.Context, _ string, c *child.Child) error {
	return signalled(ctx, c, sigGraceful, c.Stdout(), "Reloading config file finished")
}

var tinyproxyCounters = regexp.MustCompile(`^(\d+) (\d+)\s*$`)

// countersAt reads the page of counters. Each connection carries one request.
func (tinyproxyDriver) countersAt(ctx context.Context, _, address string) (proxies.Stats, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+tinyproxyHost+"/", nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask tinyproxy: %w", err)
	}
	req.URL.Opaque = "//" + tinyproxyHost + "/" // in absolute form on the wire
	said, err := ask(ctx, "tcp", address, req)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask tinyproxy: %w", err)
	}
	found := tinyproxyCounters.FindSubmatch(said)
	if found == nil {
		return proxies.Stats{}, fmt.Errorf("ask tinyproxy: %w", errNoCounters)
	}
	return proxies.Stats{Hits: number(found[1]), Accepted: -1, Upstream: -1, OpenClients: number(found[2]) - 1}, nil
}

func (tinyproxyDriver) asked() proxies.Stats { return proxies.Stats{Hits: 1} }

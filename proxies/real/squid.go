package real

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func squid() Program {
	return Program{
		Name:    "squid",
		Package: "squid",
		Means:   "the forward proxy of companies and schools, a reverse proxy as well",
		Configs: []Config{
			embedded("squid", "stock", "forward proxy, Debian's rules for one origin: no Upgrade, CONNECT to TLS only"),
			embedded("squid", "streaming", "forward proxy with what its documentation offers streams: Upgrade passed, nothing stored, timeouts of a day"),
			embedded("squid", "accel", "reverse proxy as its documentation begins with it"),
			embedded("squid", "accel-streaming", "reverse proxy with what its documentation offers streams"),
			composed("read-timeout", "stock with silences of 20 s", "squid-stock", "squid-read-timeout"),
		},
		driver: squidDriver{},
	}
}

type squidDriver struct{ silent }

var squidVersion = regexp.MustCompile(`Squid Cache: Version (\S+)`)

func (squidDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, squidVersion }

func (squidDriver) back(string) string { return "1.1" }

var squidAccel = regexp.MustCompile(`(?m)^[ \t]*https?_port[ \t][^#\n]*\b(accel|defaultsite|vhost)\b`)

func (squidDriver) modes(text string) []proxies.Mode {
	if squidAccel.MatchString(text) {
		return []proxies.Mode{proxies.Reverse}
	}
	return []proxies.Mode{proxies.Forward}
}

// squidOutside are the directives that reach outside an instance's directory,
// change its user or start other programs.
var squidOutside = []string{
	"access_log", "cache_dir", "cache_effective_group", "cache_effective_user", "cache_log", "cache_store_log",
	"chroot", "coredump_dir", "icap_log", "logfile_rotate", "netdb_filename", "pid_filename", "pinger_enable",
	"shutdown_lifetime", "workers",
}

// squidOwn takes their place. Its log goes to standard error (-d).
const squidOwn = `
access_log none
cache_log /dev/null
coredump_dir none
netdb_filename none
pid_filename none
pinger_enable off
shutdown_lifetime 0 seconds
`

// runsAsNobody when we are root: squid refuses to work as root, and one that
// leaves root by itself is not told when we die.
func (squidDriver) runsAsNobody() bool { return os.Geteuid() == 0 }

// lay writes the configuration with the lines of squidOutside blanked.
func (d squidDriver) lay(dir, text string) (child.Config, error) {
	conf := blank(text, func(word string) bool { return slices.Contains(squidOutside, word) })
	if err := write(confPath(dir), conf+squidOwn); err != nil {
		return child.Config{}, err
	}
	cfg := child.Config{
		Args: []string{"-N", "-d1", "-n", squidService(dir), "-f", confPath(dir)},
		// An orderly end takes it two seconds; sweep does what else there is to do.
		StopSignal:  syscall.SIGKILL,
		DeathSignal: syscall.SIGTERM,
	}
	if d.runsAsNobody() {
		cfg.UID, cfg.GID = nobody()
		for _, path := range []string{dir, confPath(dir)} {
			if err := os.Chown(path, int(cfg.UID), int(cfg.GID)); err != nil {
				return child.Config{}, fmt.Errorf("hand configuration over: %w", err)
			}
		}
	}
	return cfg, nil
}

// squidService names the instance's shared memory: letters and digits only.
func squidService(dir string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, filepath.Base(dir))
}

// sweep removes the shared memory that a squid leaves when it is killed or
// fails to start. Linux keeps it in a directory.
func (squidDriver) sweep(dir string) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	left, err := filepath.Glob("/dev/shm/" + squidService(dir) + "-*.shm")
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

var squidComplaint = regexp.MustCompile(`(?m)^\S+ \S+\| (?:(?:FATAL|ERROR): )?(.*(?:Bungled|unrecognized: ).*)$`)
var squidFatal = regexp.MustCompile(`(?m)^\S+ \S+\| (?:FATAL|ERROR): (.*)$`)

func (squidDriver) complaint(said string) string {
	for _, pattern := range []*regexp.Regexp{squidComplaint, squidFatal} {
		if found := pattern.FindStringSubmatch(said); found != nil {
			return found[1]
		}
	}
	return ""
}

// squidListens is what squid prints when it has read its configuration.
const squidListens = "Accepting "

func (squidDriver) reloadIn(ctx context.Context, _ string, c *child.Child) error {
	return signalled(ctx, c, syscall.SIGHUP, c.Stderr(), squidListens)
}

var squidRequests = regexp.MustCompile(`(?m)^client_http\.requests = (\d+)`)

// countersAt asks the cache manager, which answers on the port of the clients.
// A request counts when it has ended.
func (squidDriver) countersAt(ctx context.Context, _, address string) (proxies.Stats, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+address+"/squid-internal-mgr/counters", nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask squid: %w", err)
	}
	said, err := ask(ctx, "tcp", address, req)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask squid: %w", err)
	}
	found := squidRequests.FindSubmatch(said)
	if found == nil {
		return proxies.Stats{}, fmt.Errorf("ask squid: %w", errNoCounters)
	}
	return proxies.Stats{Hits: number(found[1]), Accepted: -1, Upstream: -1, OpenClients: -1}, nil
}

func (squidDriver) asked() proxies.Stats { return proxies.Stats{Hits: 1} }

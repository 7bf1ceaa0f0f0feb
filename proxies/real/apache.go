package real

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/proxies"
)

// apacheModules is where Debian puts them.
const apacheModules = "/usr/lib/apache2/modules/"

func apache2() Program {
	jk := part{"apache2's mod_jk", apacheModules + "mod_jk.so", "libapache2-mod-jk"}
	security := part{"apache2's mod_security2", apacheModules + "mod_security2.so", "libapache2-mod-security2"}
	config := func(name, means string) Config { return composed(name, means, "apache2-debian", "apache2-"+name) }
	return Program{
		Name:    "apache2",
		Package: "apache2",
		Means:   "the Apache HTTP server as a reverse proxy; a thread for each stream",
		Configs: []Config{
			config("stock", "Debian's modules and settings, mod_deflate among them, and ProxyPass: no Upgrade"),
			config("streaming", "as its documentation advises: flushpackets, upgrade=websocket, no-gzip, timeouts of 1 h"),
			config("jk", "mod_jk, AJP/1.3 to a container, in whose place an adapter stands; Debian's modules and settings: no Upgrade").with(jk),
			config("jk-streaming", "mod_jk as its documentation advises: FlushPackets, FlushHeader, no-gzip; AJP has no Upgrade").with(jk),
			composed("modsecurity", "the streaming configuration behind ModSecurity 2 with its recommended settings: reads text/plain, text/html and text/xml before it lets them go",
				"apache2-debian", "apache2-streaming", "apache2-modsecurity").with(security),
		},
		driver: apacheDriver{},
	}
}

type apacheDriver struct{}

var apacheVersion = regexp.MustCompile(`Server version: Apache/(\S+)`)

func (apacheDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, apacheVersion }

var apacheHTTP10 = regexp.MustCompile(`(?m)^[^#\n]*\bforce-proxy-request-1\.0\b`)

// back is 1.1 unless the configuration says otherwise. Behind AJP it is the
// adapter's.
func (apacheDriver) back(text string) string {
	if apacheHTTP10.MatchString(text) {
		return "1.0"
	}
	return "1.1"
}

// apacheGrace is how long the server may take to end its workers; all but a few
// take 0.1 s.
const apacheGrace = 2 * time.Second

// runsAsNobody: the server refuses to serve as root, and changes to nobody.
func (apacheDriver) runsAsNobody() bool { return os.Geteuid() == 0 }

// lay writes the configuration with the lines that would leave the directory
// blanked, and a second file, read after it, with what takes their place.
func (apacheDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), apachePrivate(text)); err != nil {
		return child.Config{}, err
	}
	status, err := ports.Free()
	if err != nil {
		return child.Config{}, err
	}
	if err := write(apacheStatus(dir), status); err != nil {
		return child.Config{}, err
	}
	uid, gid := nobody()
	inside := filepath.Join(dir, "cometbench.conf")
	if err := write(inside, apacheInside(dir, status, uid, gid)); err != nil {
		return child.Config{}, err
	}
	if os.Geteuid() == 0 {
		// Workers write to it, and root still may.
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return child.Config{}, fmt.Errorf("hand over the directory: %w", err)
		}
	}
	return child.Config{
		Args: []string{
			"-D", "FOREGROUND", "-f", confPath(dir),
			// Looking for a name of one's own can take seconds.
			"-C", "ServerName localhost", "-c", `Include "` + inside + `"`,
		},
		Env: append(os.Environ(), apacheEnv(dir, uid, gid)...),
		// The parent ends its workers on these; on a kill it would leave them.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
		// Now and then a worker that is told to end just after it has served
		// waits on in its listener (2.4.71). It keeps nothing that a kill loses.
		Grace: apacheGrace,
	}, nil
}

// apacheEnv are the variables of Debian's envvars, which its apache2.conf and
// the files below it use, and the place for request bodies.
func apacheEnv(dir string, uid, gid uint32) []string {
	return []string{
		"APACHE_RUN_DIR=" + dir, "APACHE_LOCK_DIR=" + dir, "APACHE_LOG_DIR=" + dir,
		"APACHE_PID_FILE=" + filepath.Join(dir, "apache2.pid"),
		fmt.Sprintf("APACHE_RUN_USER=#%d", uid), fmt.Sprintf("APACHE_RUN_GROUP=#%d", gid),
		"TMPDIR=" + dir,
	}
}

// apacheInside is what an instance adds to any configuration: paths inside its
// directory, and a host of its own to ask for the counters, because the server
// cannot listen on a Unix socket.
func apacheInside(dir, status string, uid, gid uint32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "DefaultRuntimeDir %q\nPidFile %q\nErrorLog /dev/stderr\n", dir, filepath.Join(dir, "apache2.pid"))
	if os.Geteuid() == 0 {
		fmt.Fprintf(&b, "User #%d\nGroup #%d\n", uid, gid)
	}
	fmt.Fprintf(&b, "<IfModule jk_module>\nJkLogFile /dev/stderr\nJkShmFile %q\n</IfModule>\n", filepath.Join(dir, "jk.shm"))
	fmt.Fprintf(&b, "<IfModule security2_module>\nSecTmpDir %q\nSecDataDir %q\nSecAuditLog %q\n</IfModule>\n",
		dir, dir, filepath.Join(dir, "audit.log"))
	fmt.Fprintf(&b, "<IfModule !status_module>\nLoadModule status_module %smod_status.so\n</IfModule>\n", apacheModules)
	fmt.Fprintf(&b, "ExtendedStatus On\nListen %s\n<VirtualHost %s>\n", status, status)
	b.WriteString("<IfModule proxy_module>\nProxyPass / !\n</IfModule>\n<IfModule security2_module>\nSecRuleEngine Off\n</IfModule>\n")
	b.WriteString("<Location /status>\nSetHandler server-status\nRequire all granted\n</Location>\n</VirtualHost>\n")
	return b.String()
}

// apacheStatus is the file that holds the address to ask for the counters.
func apacheStatus(dir string) string { return filepath.Join(dir, "status") }

// serves: the ports are opened before the modules have looked at their part of
// the configuration, so only an answer tells.
func (d apacheDriver) serves(ctx context.Context, in *Instance) (bool, error) {
	_, err := d.status(ctx, in.dir)
	return err == nil, nil
}

var apacheSyntax = regexp.MustCompile(`Syntax error on line \d+ of [^\n:]+:\s+.*`)

// apacheSays picks a message out of what the server prints when it does not
// start, or out of its error log.
var apacheSays = regexp.MustCompile(`^(?:(?:apache2|AH\d+): |\[[^\]]+\] \[\w+:(?:error|crit|alert|emerg)\] (?:\[[^\]]+\] )*)+(.+)$`)

func (apacheDriver) complaint(stderr string) string {
	if found := apacheSyntax.FindString(stderr); found != "" {
		return strings.Join(strings.Fields(found), " ")
	}
	for line := range strings.Lines(stderr) {
		found := apacheSays.FindStringSubmatch(strings.TrimSpace(line))
		if found != nil && !strings.Contains(line, "ServerName") { // it only has no name
			return found[1]
		}
	}
	return ""
}

func (apacheDriver) reload() os.Signal { return sigGraceful }

// apacheResumes is what the server logs when it has read its configuration, at
// the start and after a reload, whatever its LogLevel.
const apacheResumes = "resuming normal operations"

// reloadIn waits for the log. New workers say nothing: the parent also starts them
// when few are idle. While it restarts it ignores the signal.
func (d apacheDriver) reloadIn(ctx context.Context, _ string, c *child.Child) error {
	for {
		once, cancel := context.WithTimeout(ctx, reloadRepeat)
		err := signalled(once, c, d.reload(), c.Stderr(), apacheResumes)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}

// counters reads mod_status. It counts a request when its answer has ended; one
// that is being answered shows as a W in the scoreboard. Connections are not
// counted.
func (d apacheDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	status, err := d.status(ctx, dir)
	if err != nil {
		return proxies.Stats{}, err
	}
	return proxies.Stats{Hits: status["Total Accesses"] + status["W"], Accepted: -1, Upstream: -1, OpenClients: -1}, nil
}

// status asks for the page of mod_status.
func (apacheDriver) status(ctx context.Context, dir string) (map[string]int, error) {
	address, err := os.ReadFile(apacheStatus(dir))
	if err != nil {
		return nil, fmt.Errorf("ask apache2: %w", err)
	}
	req, err := http.NewRequest(http.MethodGet, "http://status/status?auto", nil)
	if err != nil {
		return nil, fmt.Errorf("ask apache2: %w", err)
	}
	page, err := ask(ctx, "tcp", string(address), req)
	if err != nil {
		return nil, fmt.Errorf("ask apache2: %w", err)
	}
	return apacheTable(page)
}

// apacheTable reads the lines of server-status?auto that hold whole numbers, and
// the number of workers that write an answer (W).
func apacheTable(page []byte) (map[string]int, error) {
	table := map[string]int{}
	for line := range strings.Lines(string(page)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if n, err := strconv.Atoi(value); err == nil {
			table[name] = n
		} else if name == "Scoreboard" {
			table["W"] = strings.Count(value, "W")
		}
	}
	for _, name := range []string{"Total Accesses", "W"} {
		if _, ok := table[name]; !ok {
			return nil, fmt.Errorf("ask apache2: no %s: %w", name, errNoCounters)
		}
	}
	return table, nil
}

// asked: the question is a request of its own.
func (apacheDriver) asked() proxies.Stats { return proxies.Stats{Hits: 1} }

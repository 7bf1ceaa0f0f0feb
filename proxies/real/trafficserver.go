package real

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func trafficserver() Program {
	return Program{
		Name:    "trafficserver",
		Package: "trafficserver",
		Means:   "the caching proxy of content delivery networks",
		Configs: []Config{
			embedded("trafficserver", "stock", "reverse proxy, Debian's settings with one rule: silences of 30 s, 900 s in all"),
			embedded("trafficserver", "streaming", "what its documentation offers: no cache, silences of 1 h, no limit on the whole"),
			embedded("trafficserver", "active-timeout", "streaming with 20 s for every exchange with the origin"),
			embedded("trafficserver", "client-timeout", "streaming with 20 s for every exchange with a client"),
			embedded("trafficserver", "forward", "forward proxy with the stock settings"),
		},
		driver: trafficserverDriver{},
	}
}

// trafficserverDriver runs the server itself. Only traffic_manager could make
// it read its configuration again, and that takes three seconds to start it. Its
// counters come out seconds late (stats_over_http), so they are not asked for.
type trafficserverDriver struct{ silent }

func (trafficserverDriver) binary() string { return "traffic_server" }

var trafficserverVersion = regexp.MustCompile(`Traffic Server (\S+)`)

func (trafficserverDriver) version() ([]string, *regexp.Regexp) {
	return []string{"-V"}, trafficserverVersion
}

func (trafficserverDriver) back(string) string { return "1.1" }

var trafficserverForward = regexp.MustCompile(`(?m)^\s*CONFIG\s+proxy\.config\.reverse_proxy\.enabled\s+INT\s+0\b`)

func (trafficserverDriver) modes(text string) []proxies.Mode {
	if trafficserverForward.MatchString(text) {
		return []proxies.Mode{proxies.Forward}
	}
	return []proxies.Mode{proxies.Reverse}
}

// trafficserverOutside are the beginnings of the settings that reach outside an
// instance's directory or change its user.
var trafficserverOutside = []string{
	"proxy.config.admin.", "proxy.config.bin_path", "proxy.config.crash_log_helper", "proxy.config.diags.",
	"proxy.config.dump_mem_info", "proxy.config.env_prep", "proxy.config.log.", "proxy.config.output.",
	"proxy.config.plugin.plugin_dir", "proxy.config.start_script",
}

// trafficserverOwn takes their place: everything it has to say goes to standard
// error, and it stays whom it was started as.
const trafficserverOwn = `
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.crash_log_helper STRING NULL
CONFIG proxy.config.diags.logfile.filename STRING stderr
CONFIG proxy.config.diags.output.error STRING E
CONFIG proxy.config.diags.output.fatal STRING E
CONFIG proxy.config.diags.output.warning STRING E
CONFIG proxy.config.log.logging_enabled INT 0
`

// lay writes the files of a configuration, records.config first, and a layout
// in which nothing but programs and plugins lies outside dir.
func (trafficserverDriver) lay(dir, text string) (child.Config, error) {
	for _, sub := range []string{"etc", "log", "run", "cache"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return child.Config{}, fmt.Errorf("write configuration: %w", err)
		}
	}
	const records = "records.config"
	files := sections(text, records)
	files[records] = trafficserverPrivate(files[records]) + trafficserverOwn
	for name, text := range map[string]string{
		"storage.config": filepath.Join(dir, "cache") + " 16M\n",
		// As Debian has it: whoever reaches the loopback address may ask for
		// anything, which is what nothing at all would not allow.
		"ip_allow.yaml": "ip_allow:\n  - {apply: in, ip_addrs: [127.0.0.1, '::1'], action: allow, methods: ALL}\n" +
			"  - {apply: in, ip_addrs: [0/0, '::/0'], action: deny, methods: [PURGE, PUSH, DELETE, TRACE]}\n",
		// It complains of those that are missing.
		"cache.config": "", "hosting.config": "", "parent.config": "", "plugin.config": "", "ssl_multicert.config": "", "volume.config": "",
	} {
		if _, own := files[name]; !own || name == "storage.config" {
			files[name] = text
		}
	}
	if err := writeSections(filepath.Join(dir, "etc"), files); err != nil {
		return child.Config{}, err
	}
	var layout strings.Builder
	for key, path := range map[string]string{
		"prefix": dir, "exec_prefix": dir, "bindir": "/usr/bin", "sbindir": "/usr/sbin", "libdir": "/usr/lib/trafficserver",
		"libexecdir": "/usr/lib/trafficserver/modules", "includedir": "/usr/include", "mandir": "/usr/share/man",
		"sysconfdir": filepath.Join(dir, "etc"), "datadir": filepath.Join(dir, "cache"), "cachedir": filepath.Join(dir, "cache"),
		"localstatedir": filepath.Join(dir, "run"), "runtimedir": filepath.Join(dir, "run"), "logdir": filepath.Join(dir, "log"),
	} {
		fmt.Fprintf(&layout, "%s: %s\n", key, path)
	}
	if err := write(filepath.Join(dir, "runroot.yaml"), layout.String()); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Env: append(os.Environ(), "TS_RUNROOT="+dir),
		// An orderly end takes it a second and saves nothing that we keep.
		StopSignal:  syscall.SIGKILL,
		DeathSignal: syscall.SIGKILL,
	}, nil
}

// trafficserverPrivate blanks the lines of trafficserverOutside.
func trafficserverPrivate(records string) string {
	lines := strings.SplitAfter(records, "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) > 1 && slices.ContainsFunc(trafficserverOutside, func(p string) bool { return strings.HasPrefix(words[1], p) }) {
			lines[i] = strings.Repeat("\n", strings.Count(line, "\n"))
		}
	}
	return strings.Join(lines, "")
}

var trafficserverComplaint = regexp.MustCompile(`(?m)^(?:\[.*?\] \S+ (?:ERROR|FATAL|ALERT|EMERGENCY)|Fatal): (.*)$`)

func (trafficserverDriver) complaint(said string) string {
	if found := trafficserverComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

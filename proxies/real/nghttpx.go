package real

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
)

func nghttpx() Program {
	return Program{
		Name:    "nghttpx",
		Package: "nghttp2-proxy",
		Means:   "a reverse proxy for HTTP/2 that passes bytes on as they come",
		Configs: []Config{
			embedded("nghttpx", "stock", "Debian's settings with only the upstream set: silences of 60 s"),
			embedded("nghttpx", "streaming", "silences of 1 h"),
			embedded("nghttpx", "read-timeout", "stock with silences of 20 s"),
			embedded("nghttpx", "h2", "stock with HTTP/2 to the origin"),
		},
		driver: nghttpxDriver{},
	}
}

type nghttpxDriver struct{ silent }

var nghttpxVersion = regexp.MustCompile(`nghttpx nghttp2/(\S+)`)

func (nghttpxDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, nghttpxVersion }

var nghttpxH2 = regexp.MustCompile(`(?m)^\s*backend=[^#\n]*;proto=h2\b`)

func (nghttpxDriver) back(text string) string {
	if nghttpxH2.MatchString(text) {
		return "2"
	}
	return "1.1"
}

// front has HTTP/2 by prior knowledge, as every frontend without TLS.
func (nghttpxDriver) front(string) []string { return []string{"1.0", "1.1", "2"} }

// nghttpxOutside are the options that reach outside an instance's directory,
// change its user or take it into the background.
var nghttpxOutside = []string{
	"accesslog-file", "accesslog-syslog", "conf", "daemon", "errorlog-file", "errorlog-syslog", "pid-file", "user",
}

// lay writes the configuration with the lines of nghttpxOutside blanked.
func (nghttpxDriver) lay(dir, text string) (child.Config, error) {
	conf := blank(text, func(word string) bool { return slices.Contains(nghttpxOutside, word) })
	own := "\nerrorlog-file=/dev/stderr\npid-file=" + filepath.Join(dir, "nghttpx.pid") + "\n"
	if err := write(confPath(dir), strings.TrimRight(conf, "\n")+own); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args: []string{"--conf=" + confPath(dir)},
		// The worker ends by itself when the master is gone.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

var nghttpxComplaint = regexp.MustCompile(`(?m)^\S+ \d+ \d+ \w+ (?:ERROR|FATAL|WARN) (?:\(\S+\) )?(.*)$`)

func (nghttpxDriver) complaint(said string) string {
	if found := nghttpxComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

func (nghttpxDriver) reload() os.Signal { return syscall.SIGHUP }

package real

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

// Program is a proxy program that can be started here.
type Program struct {
	Name    string   `json:"name"`          // as specs say it
	Package string   `json:"package"`       // the Debian package that brings it; "" when there is none
	URL     string   `json:"url,omitempty"` // where it comes from, when there is no package
	Means   string   `json:"means"`         // one sentence
	Configs []Config `json:"configs"`       // the first is the one a bare name means

	driver driver
}

// driver is what differs from program to program.
type driver interface {
	// version prints the arguments that make the program tell its version, and
	// the pattern whose first group is the version.
	version() (args []string, pattern *regexp.Regexp)
	// back returns the HTTP version the configuration uses towards the origin.
	back(text string) string
	// lay writes the configuration into dir and returns the command to run.
	lay(dir, text string) (child.Config, error)
	// complaint picks from what the program printed as errors the line that
	// says why it does not run; "" when there is none.
	complaint(stderr string) string
	// reload is the signal that makes it read its configuration again.
	reload() os.Signal
	// counters asks the instance in dir what it has counted. It fails where
	// the program cannot be asked.
	counters(ctx context.Context, dir string) (proxies.Stats, error)
	// asked is what one call of counters adds to the counters itself.
	asked() proxies.Stats
}

// Programs returns the programs in alphabetical order.
func Programs() []Program {
	return []Program{
		apache2(),
		caddy(),
		envoy(),
		h2o(),
		haproxy(),
		lighttpd(),
		mitmproxy(),
		nghttpx(),
		nginx(),
		privoxy(),
		squid(),
		tinyproxy(),
		traefik(),
		trafficserver(),
		varnish(),
	}
}

// sbin are the directories that hold servers and are missing from the PATH of
// ordinary users.
var sbin = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// Find returns the program's file, from PATH or the usual places of servers.
// It fails with *proxies.MissingError.
func (p Program) Find() (string, error) {
	if path, err := exec.LookPath(p.file()); err == nil {
		if path, err := filepath.Abs(path); err == nil {
			return path, nil
		}
	}
	for _, dir := range sbin {
		if path, err := exec.LookPath(filepath.Join(dir, p.file())); err == nil {
			return path, nil
		}
	}
	return "", &proxies.MissingError{Program: p.Name, Package: p.Package, URL: p.URL}
}

// versionWait bounds the question for the version, which takes mitmproxy more
// than a second of processor time.
const versionWait = 20 * time.Second

// versions are the answers so far by file, so that a program is asked once and
// again when it was replaced.
var versions sync.Map // of installed to string

// installed is a program's file as it was found.
type installed struct {
	path    string
	size    int64
	changed time.Time
}

// Version asks the program for its version ("1.22.1"). It fails as Find does,
// or when the answer is not understood.
func (p Program) Version(ctx context.Context) (string, error) {
	path, err := p.Find()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.Name, err)
	}
	file := installed{path, info.Size(), info.ModTime()}
	if known, ok := versions.Load(file); ok {
		return known.(string), nil
	}
	ctx, cancel := context.WithTimeout(ctx, versionWait)
	defer cancel()
	args, pattern := p.driver.version()
	said, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.Name, err)
	}
	found := pattern.FindSubmatch(said)
	if found == nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.Name, errNoVersion)
	}
	versions.Store(file, string(found[1]))
	return string(found[1]), nil
}

var errNoVersion = errors.New("the answer names none")

// config finds a configuration by name.
func (p Program) config(name string) (Config, bool) {
	i := slices.IndexFunc(p.Configs, func(c Config) bool { return c.Name == name })
	if i < 0 {
		return Config{}, false
	}
	return p.Configs[i], true
}

package real

import (
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
)

func envoy() Program {
	return Program{
		Name:  "envoy",
		URL:   "https://www.envoyproxy.io/docs/envoy/latest/start/install",
		Means: "the proxy under service meshes; untested here, because no binary could be had",
		Configs: []Config{
			embedded("envoy", "stock", "a listener, a route and a cluster: 15 s a route, 5 min of silence, no Upgrade (untested)"),
			embedded("envoy", "streaming", "as its documentation advises: no limits on routes and silence, Upgrade allowed (untested)"),
		},
		driver: envoyDriver{},
	}
}

// envoyDriver runs Envoy. A new configuration needs a new process, and counters an
// administration interface that the configuration would have to open.
type envoyDriver struct{ silent }

var envoyVersion = regexp.MustCompile(`version: \w+/([^/\s]+)/`)

func (envoyDriver) version() ([]string, *regexp.Regexp) { return []string{"--version"}, envoyVersion }

func (envoyDriver) back(string) string { return "1.1" }

// lay writes the configuration under a name of which Envoy sees that it is YAML.
// Without hot restart instances share no memory.
func (envoyDriver) lay(dir, text string) (child.Config, error) {
	path := filepath.Join(dir, "proxy.yaml")
	if err := write(path, text); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:       []string{"-c", path, "--disable-hot-restart", "--log-level", "warning"},
		StopSignal: syscall.SIGTERM,
	}, nil
}

var envoyComplaint = regexp.MustCompile(`\[critical\]\[\w+\] \[[^\]]*\] (.*)`)

func (envoyDriver) complaint(stderr string) string {
	if found := envoyComplaint.FindStringSubmatch(stderr); found != nil {
		return found[1]
	}
	return ""
}

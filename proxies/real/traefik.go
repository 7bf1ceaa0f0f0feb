package real

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/proxies"
)

func traefik() Program {
	return Program{
		Name:  "traefik",
		URL:   "https://doc.traefik.io/traefik/getting-started/install-traefik/",
		Means: "a reverse proxy for containers",
		Configs: []Config{
			embedded("traefik", "stock", "a router and a service by file; everything else its defaults"),
			embedded("traefik", "streaming", "as its documentation advises: each write flushed, no limit on requests"),
			embedded("traefik", "compress", "stock with the compress middleware: event streams are compressed too"),
		},
		driver: traefikDriver{},
	}
}

// traefikDriver runs Traefik. A configuration is a file of the file provider in
// YAML; what belongs to the static configuration stands in comments of it
// (commandLine).
type traefikDriver struct{}

var traefikVersion = regexp.MustCompile(`Version:\s+(\S+)`)

func (traefikDriver) version() ([]string, *regexp.Regexp) { return []string{"version"}, traefikVersion }

func (traefikDriver) back(string) string { return "1.1" }

var traefikOption = regexp.MustCompile(`^--\S+=\S+$`)

// lay writes the configuration under a name of which Traefik sees that it is
// YAML.
func (traefikDriver) lay(dir, text string) (child.Config, error) {
	path := filepath.Join(dir, "proxy.yaml")
	if err := write(path, text); err != nil {
		return child.Config{}, err
	}
	api, err := ports.Free()
	if err != nil {
		return child.Config{}, err
	}
	if err := write(traefikAPI(dir), api); err != nil {
		return child.Config{}, err
	}
	args := []string{
		"--providers.file.filename=" + path, "--log.level=ERROR", "--log.filePath=/dev/stderr",
		"--api.insecure=true", "--entryPoints.traefik.address=" + api,
		// Else it waits 2 s for further changes before it takes up the first.
		"--providers.providersThrottleDuration=10ms",
		"--global.checkNewVersion=false", "--global.sendAnonymousUsage=false",
	}
	for _, option := range commandLine(text, "traefik") {
		if traefikOption.MatchString(option) {
			args = append(args, option)
		}
	}
	return child.Config{Args: args, StopSignal: syscall.SIGTERM}, nil
}

// listenOn: entry points are of the static configuration.
func (traefikDriver) listenOn(address string) []string {
	return []string{"--entryPoints.web.address=" + address}
}

// traefikAPI is the file that holds the address of the programming interface.
func traefikAPI(dir string) string { return filepath.Join(dir, "api") }

// serves: it listens before it has read its configuration, and answers 404
// meanwhile, or for ever when it cannot use it.
func (d traefikDriver) serves(ctx context.Context, in *Instance) (bool, error) {
	if d.complaint(in.child.Stderr().String()) != "" {
		return false, errRefuses
	}
	address, err := os.ReadFile(traefikAPI(in.dir))
	if err != nil {
		return false, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+string(address)+"/api/rawdata", nil)
	if err != nil {
		return false, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return false, nil // it does not answer yet
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, nil
	}
	var now struct{ Routers map[string]any }
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxFile)).Decode(&now); err != nil {
		return false, err
	}
	for name := range now.Routers {
		if strings.HasSuffix(name, "@file") {
			return true, nil
		}
	}
	return false, nil
}

var traefikComplaint = regexp.MustCompile(`(?m) (?:ERR|FTL) (.*)$`)

func (traefikDriver) complaint(stderr string) string {
	if found := traefikComplaint.FindStringSubmatch(stderr); found != nil {
		return found[1]
	}
	return ""
}

// reload: it watches the directory of its file and needs no telling.
func (traefikDriver) reload() os.Signal { return nil }

// counters: its metrics would have to be put into the way of each answer.
func (traefikDriver) counters(context.Context, string) (proxies.Stats, error) {
	return proxies.Stats{}, errNoCounters
}

func (traefikDriver) asked() proxies.Stats { return proxies.Stats{} }

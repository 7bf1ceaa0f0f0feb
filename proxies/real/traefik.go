package real

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
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
// (commandLine). It watches its file and needs no telling, and its metrics would
// have to be put into the way of each answer.
type traefikDriver struct{ silent }

var traefikVersion = regexp.MustCompile(`Version:\s+(\S+)`)

func (traefikDriver) version() ([]string, *regexp.Regexp) { return []string{"version"}, traefikVersion }

func (traefikDriver) back(string) string { return "1.1" }

// front has HTTP/2 with prior knowledge, which an entry point without TLS takes.
func (traefikDriver) front(string) []string { return []string{"1.0", "1.1", "2"} }

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
		"--providers.file.filename=" + path, "--log.level=ERROR", "--log.noColor=true",
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
	if d.complaint(in.said()) != "" {
		return false, errRefuses
	}
	address, err := os.ReadFile(traefikAPI(in.dir))
	if err != nil {
		return false, err
	}
	req, err := http.NewRequest(http.MethodGet, "http://api/api/rawdata", nil)
	if err != nil {
		return false, err
	}
	page, err := ask(ctx, "tcp", string(address), req)
	if err != nil {
		return false, nil //nolint:nilerr // it does not answer yet
	}
	var now struct{ Routers map[string]any }
	if err := json.Unmarshal(page, &now); err != nil {
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

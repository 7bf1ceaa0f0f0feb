package real

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func caddy() Program {
	return Program{
		Name:    "caddy",
		Package: "caddy",
		Means:   "a web server in Go; flushes streams that it knows as such",
		Configs: []Config{
			embedded("caddy", "stock", "reverse_proxy with only the upstream set"),
			embedded("caddy", "streaming", "as its documentation advises: flush_interval -1"),
			embedded("caddy", "encode", "stock with compression (encode zstd gzip)"),
		},
		driver: caddyDriver{},
	}
}

type caddyDriver struct{ silent }

var caddyVersion = regexp.MustCompile(`^v?(\d\S*)`)

func (caddyDriver) version() ([]string, *regexp.Regexp) { return []string{"version"}, caddyVersion }

func (caddyDriver) back(string) string { return "1.1" }

// adaptWait bounds the translation of a Caddyfile.
const adaptWait = 10 * time.Second

// lay has the Caddyfile translated to what caddy runs on, so that a mistake in
// it is told by its line, and takes the administration over there. What caddy
// keeps between runs goes into dir.
func (caddyDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), text); err != nil {
		return child.Config{}, err
	}
	bin, err := caddy().Find()
	if err != nil {
		return child.Config{}, err
	}
	env := append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	ctx, cancel := context.WithTimeout(context.Background(), adaptWait)
	defer cancel()
	adapt := exec.CommandContext(ctx, bin, "adapt", "--adapter", "caddyfile", "--config", confPath(dir))
	adapt.Env, adapt.Dir = env, dir
	var said bytes.Buffer
	adapt.Stderr = &said
	adapted, err := adapt.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return child.Config{}, &refusedError{caddyDriver{}.complaint(said.String())}
	}
	if err != nil {
		return child.Config{}, fmt.Errorf("translate Caddyfile: %w", err)
	}
	own, err := caddyOwn(adapted, caddyAdmin(dir))
	if err != nil {
		return child.Config{}, fmt.Errorf("translate Caddyfile: %w", err)
	}
	if err := write(caddyJSON(dir), own); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:        []string{"run", "--config", caddyJSON(dir)},
		Env:         env,
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

func caddyJSON(dir string) string { return filepath.Join(dir, "caddy.json") }

// caddyAdmin is where an instance is asked and told to reload; "" when the name
// is too long for a socket.
func caddyAdmin(dir string) string {
	if path := filepath.Join(dir, "admin.sock"); len(path) < maxSocketPath {
		return path
	}
	return ""
}

// caddyOwn replaces the administration and the logs of a configuration and
// switches the counters of its servers on.
func caddyOwn(adapted []byte, admin string) (string, error) {
	var config map[string]any
	if err := json.Unmarshal(adapted, &config); err != nil {
		return "", err
	}
	config["admin"] = map[string]any{"disabled": true}
	if admin != "" {
		config["admin"] = map[string]any{"listen": "unix/" + admin, "origins": []string{caddyHost}}
	}
	delete(config, "logging")
	apps, _ := config["apps"].(map[string]any)
	app, _ := apps["http"].(map[string]any)
	servers, _ := app["servers"].(map[string]any)
	for _, server := range servers {
		if server, ok := server.(map[string]any); ok {
			server["metrics"] = map[string]any{}
			delete(server, "logs")
		}
	}
	own, err := json.MarshalIndent(config, "", "\t")
	return string(own), err
}

// caddyHost is the name by which the administration is asked. It answers to no
// other.
const caddyHost = "cometbench.invalid"

var caddyComplaint = regexp.MustCompile(`(?m)^Error: (?:loading initial config: )?(?:loading new config: )?(.*)$`)

func (caddyDriver) complaint(said string) string {
	if found := caddyComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

var errNoAdmin = errors.New("the directory's name is too long for a socket to ask on")

// administration sends a request to the instance in dir.
func (caddyDriver) administration(ctx context.Context, dir, method, path string, body []byte) ([]byte, error) {
	admin := caddyAdmin(dir)
	if admin == "" {
		return nil, errNoAdmin
	}
	req, err := http.NewRequest(method, "http://"+caddyHost+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cache-Control", "must-revalidate") // load it even if it is the same
	return ask(ctx, "unix", admin, req)
}

// reloadIn loads the same configuration anew, as `caddy reload --force` does.
func (d caddyDriver) reloadIn(ctx context.Context, dir string, _ *child.Child) error {
	text, err := os.ReadFile(caddyJSON(dir))
	if err != nil {
		return err
	}
	_, err = d.administration(ctx, dir, http.MethodPost, "/load", text)
	return err
}

var (
	caddyRequests = regexp.MustCompile(`(?m)^caddy_http_requests_total\{(.*)\} (\S+)$`)
	caddyInFlight = regexp.MustCompile(`(?m)^caddy_http_requests_in_flight\{(.*)\} (\S+)$`)
)

// counters reads the metrics. They tell of requests, not of connections, and
// have a row for each handler that a request passes, all with the same number
// where there is one site.
func (d caddyDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	said, err := d.administration(ctx, dir, http.MethodGet, "/metrics", nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask caddy: %w", err)
	}
	most := func(rows *regexp.Regexp) int {
		n := 0
		for _, row := range rows.FindAllSubmatch(said, -1) {
			n = max(n, number(row[2]))
		}
		return n
	}
	if !strings.Contains(string(said), "caddy_") {
		return proxies.Stats{}, fmt.Errorf("ask caddy: %w", errNoCounters)
	}
	return proxies.Stats{Hits: most(caddyRequests) + most(caddyInFlight), Accepted: -1, Upstream: -1, OpenClients: -1}, nil
}

package real

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func varnish() Program {
	return Program{
		Name:    "varnish",
		Package: "varnish",
		Means:   "a cache that streams what it fetches, to several clients at once where it may",
		Configs: []Config{
			embedded("varnish", "stock", "Debian's default.vcl, only the backend set: GETs cached and shared unless the origin forbids it, no Upgrade"),
			embedded("varnish", "streaming", "as its documentation advises: WebSocket and event streams piped, all else passed, timeouts of 1 h"),
			embedded("varnish", "whole", "stock, but answers are fetched whole before they are passed on (do_stream false)"),
		},
		driver: varnishDriver{},
	}
}

// varnishDriver runs varnishd. A configuration is a VCL file; what VCL cannot
// say, its parameters (-p), stands in comments of it (commandLine).
type varnishDriver struct{}

func (varnishDriver) binary() string { return "varnishd" }

var varnishVersion = regexp.MustCompile(`varnish(?:-plus)?-(\S+) revision`)

func (varnishDriver) version() ([]string, *regexp.Regexp) { return []string{"-V"}, varnishVersion }

func (varnishDriver) back(string) string { return "1.1" }

// lay writes the VCL. varnishd keeps all its files in the directory given by -n.
// It changes its user neither for root nor for anybody else (-j none): the
// directory is ours alone.
func (varnishDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), text); err != nil {
		return child.Config{}, err
	}
	args := []string{
		"-F", "-j", "none", "-n", dir, "-f", confPath(dir), "-s", "malloc,256m",
		// The log in memory is a file of 80 MB unless told otherwise.
		"-p", "vsl_space=2M",
		// The VCL becomes C, which is compiled at each start. Without optimisation
		// that takes a quarter of the time, and a few lines run no slower.
		"-p", "cc_command=exec cc -O0 -fPIC -shared -o %o %s",
	}
	for more := commandLine(text, "varnishd"); len(more) > 1; more = more[2:] {
		if more[0] != "-p" {
			break
		}
		args = append(args, more[:2]...)
	}
	return child.Config{
		Args: args,
		// The manager ends the process that serves on these.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

// listenOn: VCL knows no addresses to listen on.
func (varnishDriver) listenOn(address string) []string { return []string{"-a", address} }

// serves: the manager opens the port before it starts the process that serves,
// and that counts a connection after it has looked at it for a while.
func (d varnishDriver) serves(ctx context.Context, in *Instance) (bool, error) {
	now, err := d.counters(ctx, in.dir)
	return err == nil && now.Accepted > 0, nil
}

var (
	// varnishCompiler is what the compiler says first, and where.
	varnishCompiler = regexp.MustCompile(`Message from VCC-compiler:\n(.+)\n(?:[^(]*\n)*?.*(\('.*' Line \d+ Pos \d+\))`)
	varnishError    = regexp.MustCompile(`(?m)^Error:\s+(\S.*)$`)
)

func (varnishDriver) complaint(stderr string) string {
	if found := varnishCompiler.FindStringSubmatch(stderr); found != nil {
		return strings.TrimSuffix(found[1], " at") + " " + found[2]
	}
	if found := varnishError.FindStringSubmatch(stderr); found != nil {
		return found[1]
	}
	return ""
}

// reload: reloadIn does it.
func (varnishDriver) reload() os.Signal { return nil }

// reloadIn has the VCL compiled and used for what is asked from then on, as
// varnishreload does.
func (varnishDriver) reloadIn(ctx context.Context, dir string, _ *child.Child) error {
	name := "again" + strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, command := range [][]string{{"vcl.load", name, confPath(dir)}, {"vcl.use", name}} {
		if _, err := varnishTool(ctx, "varnishadm", dir, command...); err != nil {
			return err
		}
	}
	return nil
}

// counters reads varnishstat. A worker adds what it has counted when it has
// answered.
func (varnishDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	said, err := varnishTool(ctx, "varnishstat", dir, "-1", "-j")
	if err != nil {
		return proxies.Stats{}, err
	}
	return varnishTable(said)
}

// varnishTable reads the counters (varnish-counters(7)). A client's session
// lives in one of the memory pools for sessions, of which each thread pool has
// one.
func varnishTable(said []byte) (proxies.Stats, error) {
	var table struct {
		Counters map[string]struct{ Value int }
	}
	if err := json.Unmarshal(said, &table); err != nil {
		return proxies.Stats{}, fmt.Errorf("ask varnish: %w", err)
	}
	var stats proxies.Stats
	for name, to := range map[string]*int{
		"MAIN.client_req": &stats.Hits, "MAIN.sess_conn": &stats.Accepted, "MAIN.backend_conn": &stats.Upstream,
	} {
		counter, ok := table.Counters[name]
		if !ok {
			return proxies.Stats{}, fmt.Errorf("ask varnish: no counter %s: %w", name, errNoCounters)
		}
		*to = counter.Value
	}
	for name, counter := range table.Counters {
		if strings.HasPrefix(name, "MEMPOOL.sess") && strings.HasSuffix(name, ".live") {
			stats.OpenClients += counter.Value
		}
	}
	return stats, nil
}

// asked: the counters lie in memory.
func (varnishDriver) asked() proxies.Stats { return proxies.Stats{} }

// varnishTool runs one of the programs that come with varnishd.
func varnishTool(ctx context.Context, name, dir string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("ask varnish: %w", err)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-n", dir, "-t", "2"}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask varnish: %s: %w: %s", name, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return said, nil
}

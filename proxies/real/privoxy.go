package real

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func privoxy() Program {
	return Program{
		Name:    "privoxy",
		Package: "privoxy",
		Means:   "a forward proxy that filters pages, for which it collects them",
		Configs: []Config{
			embedded("privoxy", "stock", "Debian's settings and filters for one origin: text is collected to its end, or 4 MB"),
			embedded("privoxy", "streaming", "the same without filters"),
			embedded("privoxy", "buffer-limit", "stock with a buffer of 64 KB"),
		},
		driver: privoxyDriver{},
	}
}

type privoxyDriver struct{ silent }

var privoxyVersion = regexp.MustCompile(`Privoxy version (\S+)`)

func (privoxyDriver) version() ([]string, *regexp.Regexp) {
	return []string{"--version"}, privoxyVersion
}

func (privoxyDriver) back(string) string { return "1.1" }

func (privoxyDriver) modes(string) []proxies.Mode { return []proxies.Mode{proxies.Forward} }

// privoxyOutside are the directives that reach outside an instance's directory.
// Without a log file, privoxy prints.
var privoxyOutside = []string{"logdir", "logfile", "temporary-directory"}

// lay writes the configuration with the lines of privoxyOutside blanked.
func (privoxyDriver) lay(dir, text string) (child.Config, error) {
	main := filepath.Base(confPath(dir))
	files := sections(text, main)
	files[main] = blank(files[main], func(word string) bool { return slices.Contains(privoxyOutside, word) }) +
		"\nlogdir " + dir + "\ntemporary-directory " + dir + "\n"
	if err := writeSections(dir, files); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:        []string{"--no-daemon", confPath(dir)},
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

var privoxyComplaint = regexp.MustCompile(`(?m)^\S+ \S+ \w+ (?:Fatal error|Error): (.*)$`)

func (privoxyDriver) complaint(said string) string {
	if found := privoxyComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

// reloadIn changes the time of the configuration: privoxy looks at it with each
// request and reads it again when it is another.
func (privoxyDriver) reloadIn(_ context.Context, dir string, _ *child.Child) error {
	info, err := os.Stat(confPath(dir))
	if err != nil {
		return err
	}
	// Its resolution is a second.
	later := info.ModTime().Add(time.Second)
	return os.Chtimes(confPath(dir), later, later)
}

var privoxyRequests = regexp.MustCompile(`out of\s+(\d+)\s+request`)

// countersAt reads the page on which privoxy shows its state.
func (privoxyDriver) countersAt(ctx context.Context, _, address string) (proxies.Stats, error) {
	const page = "//config.privoxy.org/show-status"
	req, err := http.NewRequest(http.MethodGet, "http:"+page, nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask privoxy: %w", err)
	}
	req.URL.Opaque = page // in absolute form on the wire
	said, err := ask(ctx, "tcp", address, req)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask privoxy: %w", err)
	}
	if strings.Contains(string(said), "No activity so far") {
		return proxies.Stats{Accepted: -1, Upstream: -1, OpenClients: -1}, nil
	}
	found := privoxyRequests.FindSubmatch(privoxyTags.ReplaceAll(said, nil))
	if found == nil {
		return proxies.Stats{}, fmt.Errorf("ask privoxy: %w", errNoCounters)
	}
	return proxies.Stats{Hits: number(found[1]), Accepted: -1, Upstream: -1, OpenClients: -1}, nil
}

var privoxyTags = regexp.MustCompile(`<[^>]*>`)

func (privoxyDriver) asked() proxies.Stats { return proxies.Stats{Hits: 1} }

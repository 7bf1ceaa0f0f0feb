package real

import (
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func mitmproxy() Program {
	return Program{
		Name:    "mitmproxy",
		Package: "mitmproxy",
		Means:   "a proxy for looking into traffic; collects answers and signs certificates of its own",
		Configs: []Config{
			embedded("mitmproxy", "stock", "only the address and the mode set: answers are collected to their end"),
			embedded("mitmproxy", "streaming", "as its documentation advises: stream_large_bodies 1"),
			embedded("mitmproxy", "large-bodies", "what is larger than 64 KB is streamed (stream_large_bodies 64k)"),
		},
		driver: mitmproxyDriver{},
	}
}

type mitmproxyDriver struct{ silent }

func (mitmproxyDriver) binary() string { return "mitmdump" }

var mitmproxyVersion = regexp.MustCompile(`Mitmproxy: (\S+)`)

func (mitmproxyDriver) version() ([]string, *regexp.Regexp) {
	return []string{"--version"}, mitmproxyVersion
}

func (mitmproxyDriver) back(string) string { return "1.1" }

var mitmproxyReverse = regexp.MustCompile(`(?m)^mode: *["']?reverse:`)

// modes: a template that asks .Forward is for both.
func (mitmproxyDriver) modes(text string) []proxies.Mode {
	switch {
	case strings.Contains(text, ".Forward"):
		return []proxies.Mode{proxies.Reverse, proxies.Forward}
	case mitmproxyReverse.MatchString(text):
		return []proxies.Mode{proxies.Reverse}
	}
	return []proxies.Mode{proxies.Forward}
}

// mitmproxyOutside are the options that reach outside an instance's directory.
// The file's confdir would have the last word.
var mitmproxyOutside = []string{"confdir", "save_stream_file"}

// lay writes the files of a configuration, with the lines of mitmproxyOutside
// blanked, where mitmproxy looks for them and keeps its authority.
func (mitmproxyDriver) lay(dir, text string) (child.Config, error) {
	const main = "config.yaml"
	files := sections(text, main)
	files[main] = blank(files[main], func(word string) bool { return slices.Contains(mitmproxyOutside, word) })
	if err := writeSections(dir, files); err != nil {
		return child.Config{}, err
	}
	return child.Config{
		Args:        []string{"--set", "confdir=" + dir},
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

var mitmproxyComplaint = regexp.MustCompile(`(?m)^(?:\S*mitmdump: )?(Error reading .*|\S*[Ee]rror:? .*|[Uu]nknown option.*|.*rror in script .*)$`)

func (mitmproxyDriver) complaint(said string) string {
	if found := mitmproxyComplaint.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

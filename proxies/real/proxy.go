package real

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/proxies"
)

// proxy is a program with the configuration it is to run with.
type proxy struct {
	spec    string
	program Program
	config  Config
}

var _ proxies.Proxy = (*proxy)(nil)

func (p *proxy) Name() string { return p.spec }

// Scope is shared: a start takes from tens of milliseconds to seconds, and what
// the programs keep between requests, connections and cached answers, concerns
// no other cell, because each has URLs of its own.
func (p *proxy) Scope() proxies.Scope { return proxies.Shared }

func (p *proxy) Capabilities() proxies.Capabilities {
	modes := p.program.modes(p.config)
	return proxies.Capabilities{
		Modes: modes,
		Front: p.program.front(p.config),
		Back:  []string{p.program.driver.back(p.config.Text)},
		TLS:   slices.Contains(modes, proxies.Forward), // through it, by CONNECT
	}
}

func (p *proxy) Available() error { return p.program.Available(p.config) }

const (
	// startWait bounds one start. The slowest seen is mitmproxy's, 4 s on a busy
	// machine.
	startWait = 20 * time.Second
	// stopGrace is how long a program may take to end its workers.
	stopGrace = 5 * time.Second
	// starts is how often a port that somebody else took is replaced.
	starts = 5
)

// ConfigError says that a program does not run with a user's own file.
type ConfigError struct {
	Program string
	File    string // as the spec gives it
	Message string // the program's own words, one line
}

func (e *ConfigError) Error() string {
	return e.Program + " refuses " + e.File + ": " + e.Message
}

var (
	errOrigin  = errors.New("a real program takes an origin of the form http://host:port")
	errParent  = errors.New("a real program cannot reach the origin through another proxy")
	errTaken   = errors.New("somebody else took the port")
	errSilent  = errors.New("it runs but does not listen where it was told to")
	errStopped = errors.New("it ended without saying why")
	errRefuses = errors.New("it runs but refuses its configuration")
)

// Start runs the program in front of env.Origin. Scale and Seed have no meaning
// for a real program and are ignored.
func (p *proxy) Start(ctx context.Context, env proxies.Env) (proxies.Instance, error) {
	in, err := p.start(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.spec, err)
	}
	return in, nil
}

func (p *proxy) start(ctx context.Context, env proxies.Env) (*Instance, error) {
	mode, err := p.mode(env)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	version, err := p.program.Version(ctx)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		listen, err := listenAddress(env.Listen)
		if err != nil {
			return nil, err
		}
		in, err := p.launch(ctx, listen, env.Origin, mode)
		if err == nil {
			in.version = version
			return in, nil
		}
		if !errors.Is(err, errTaken) || listen == env.Listen || attempt == starts {
			return nil, err
		}
	}
}

// mode is the one to run in, or why the program cannot run in env.
func (p *proxy) mode(env proxies.Env) (proxies.Mode, error) {
	modes := p.program.modes(p.config)
	mode := env.Mode
	if mode == "" {
		mode = modes[0]
	}
	unsupported := func(reason string) error {
		return &proxies.UnsupportedError{Proxy: p.spec, Reason: reason}
	}
	switch {
	case !slices.Contains(modes, mode):
		return "", unsupported(fmt.Sprintf("as it is configured here it has no %s mode", mode))
	case env.Parent != nil:
		return "", errParent
	case env.Origin == nil || env.Origin.Host == "":
		return "", errOrigin
	case env.Origin.Scheme == "https" && mode != proxies.Forward:
		return "", unsupported("it does not speak TLS to the origin, as it is configured here")
	case env.Origin.Scheme != "http" && env.Origin.Scheme != "https":
		return "", errOrigin
	}
	return mode, nil
}

// listenAddress completes what the caller asked for: a free port where it
// leaves the choice, and a host where it means all of them.
func listenAddress(listen string) (string, error) {
	if listen == "" {
		return ports.Free()
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if port == "0" {
		return ports.FreeOn(host)
	}
	return net.JoinHostPort(host, port), nil
}

// launch starts the program once in a directory of its own.
func (p *proxy) launch(ctx context.Context, listen string, origin *url.URL, mode proxies.Mode) (_ *Instance, err error) {
	bin, err := p.program.Find()
	if err != nil {
		return nil, err
	}
	if err := available(listen); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(p.program.tempDir(), "cometbench-") // 0700
	if err != nil {
		return nil, err
	}
	in := &Instance{driver: p.program.driver, dir: dir, hash: p.config.hash(), base: routeTo(listen), mode: mode}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.Close())
		}
	}()
	v := values(listen, origin, mode, dir)
	if err := in.accompany(p.config, &v); err != nil {
		return nil, err
	}
	text, err := p.config.render(v)
	if err != nil {
		return nil, err
	}
	cfg, err := p.program.driver.lay(dir, text)
	if refused := (*refusedError)(nil); errors.As(err, &refused) {
		return nil, p.refusal(refused.message, dir)
	}
	if err != nil {
		return nil, err
	}
	if d, ok := p.program.driver.(placed); ok {
		cfg.Args = append(cfg.Args, d.listenOn(listen)...)
	}
	cfg.Path, cfg.Dir = bin, dir
	if cfg.Grace == 0 {
		cfg.Grace = stopGrace
	}
	if in.child, err = child.Start(cfg); err != nil {
		return nil, err
	}
	if err := p.ready(ctx, in, listen); err != nil {
		return nil, err
	}
	// What the wait for readiness did is not the clients'.
	in.zero, in.counts = in.counters(ctx)
	return in, nil
}

// available returns errTaken when somebody listens there already: a program
// that shares ports (SO_REUSEPORT, as caddy does) would not notice.
func available(listen string) error {
	l, err := net.Listen("tcp", listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return errTaken
	}
	if err != nil {
		return err
	}
	return l.Close()
}

// ready waits until the program itself listens. Another process that answers
// on the port is errTaken; a program that gives up says why.
func (p *proxy) ready(ctx context.Context, in *Instance, listen string) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	err := ports.Wait(ctx, in.base.Host, in.child.Done())
	if err == nil {
		var own bool
		if own, err = in.listens(ctx, listen); own {
			err = in.serves(ctx)
		}
		if err == nil {
			return nil
		}
	}
	said := in.said()
	if taken(said) {
		return errTaken
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errSilent
	case !errors.Is(err, ports.ErrGone) && !errors.Is(err, errRefuses):
		return err
	}
	message := p.program.driver.complaint(said)
	switch {
	case message != "":
		return p.refusal(message, in.dir)
	case errors.Is(err, ports.ErrGone):
		return errStopped
	}
	return err
}

// taken reports whether the program found its port in use: the text of
// EADDRINUSE, which both C libraries in use write alike, or what privoxy and
// tinyproxy say in its place.
func taken(said string) bool {
	return slices.ContainsFunc([]string{
		"ddress already in use", "ddress in use",
		"Fatal error: can't bind to", "Could not create listening sockets",
	}, func(text string) bool { return strings.Contains(said, text) })
}

// refusal is the program's message about its configuration, with the name of
// the user's file in place of those of the copies in dir.
func (p *proxy) refusal(message, dir string) error {
	name := p.config.File
	if name == "" {
		name = p.program.Name + "-" + p.config.Name + ".conf"
	}
	message = regexp.MustCompile(regexp.QuoteMeta(dir)+`(/[\w.-]+)+`).ReplaceAllLiteralString(message, name)
	if p.config.File == "" {
		return errors.New(message)
	}
	return &ConfigError{Program: p.program.Name, File: p.config.File, Message: message}
}

// routeTo is the URL by which clients reach an address that is listened on.
func routeTo(listen string) *url.URL {
	host, port, _ := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
}

// hostPort is u's host with a port.
func hostPort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Host
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

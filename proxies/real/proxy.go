package real

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
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

// Scope is shared: a start takes tens of milliseconds, and the programs keep
// nothing between requests that one cell could leave for another.
func (p *proxy) Scope() proxies.Scope { return proxies.Shared }

func (p *proxy) Capabilities() proxies.Capabilities {
	return proxies.Capabilities{
		Modes: []proxies.Mode{proxies.Reverse},
		Front: []string{"1.0", "1.1"},
		Back:  []string{p.program.driver.back(p.config.Text)},
	}
}

func (p *proxy) Available() error { return p.program.Available(p.config) }

const (
	// startWait bounds one start. The slowest seen is 0.4 s, on a busy machine.
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
	errMode    = errors.New("a real program runs as a reverse proxy only")
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
	switch {
	case env.Mode != "" && env.Mode != proxies.Reverse:
		return nil, errMode
	case env.Parent != nil:
		return nil, errParent
	case env.Origin == nil || env.Origin.Scheme != "http" || env.Origin.Host == "":
		return nil, errOrigin
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
		in, err := p.launch(ctx, listen, env.Origin)
		if err == nil {
			in.version = version
			return in, nil
		}
		if !errors.Is(err, errTaken) || listen == env.Listen || attempt == starts {
			return nil, err
		}
	}
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
func (p *proxy) launch(ctx context.Context, listen string, origin *url.URL) (_ *Instance, err error) {
	bin, err := p.program.Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cometbench-") // 0700
	if err != nil {
		return nil, err
	}
	in := &Instance{driver: p.program.driver, dir: dir, hash: p.config.hash(), base: routeTo(listen)}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.Close())
		}
	}()
	values := Values{Listen: listen, Origin: hostPort(origin), OriginURL: "http://" + hostPort(origin), Dir: dir}
	if values.AJP, err = in.accompany(p.config, values.Origin); err != nil {
		return nil, err
	}
	text, err := p.config.render(values)
	if err != nil {
		return nil, err
	}
	cfg, err := p.program.driver.lay(dir, text)
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
	said := in.child.Stderr().String()
	if taken(said) {
		return errTaken
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errSilent
	case !errors.Is(err, ports.ErrGone) && !errors.Is(err, errRefuses):
		return err
	}
	message := p.complaint(said, in.dir)
	switch {
	case p.config.File != "" && message != "":
		return &ConfigError{Program: p.program.Name, File: p.config.File, Message: message}
	case message != "":
		return errors.New(message)
	case errors.Is(err, ports.ErrGone):
		return errStopped
	}
	return err
}

// taken reports whether the program found its port in use (the text of
// EADDRINUSE, which both C libraries in use write alike).
func taken(said string) bool {
	return strings.Contains(said, "ddress already in use") || strings.Contains(said, "ddress in use")
}

// complaint is the program's message with the name of the user's file in place
// of that of our copy.
func (p *proxy) complaint(said, dir string) string {
	message := p.program.driver.complaint(said)
	name := p.config.File
	if name == "" {
		name = p.program.Name + "-" + p.config.Name + ".conf"
	}
	return strings.ReplaceAll(message, confPath(dir), name)
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
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

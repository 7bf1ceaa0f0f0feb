package real

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real/ajp"
)

// What only some drivers have, beside what all must.
type (
	// named is a driver whose program's file is not called as specs call it.
	named interface{ executable() string }

	// placed is a driver whose program is told where to listen by these
	// arguments and not by its configuration.
	placed interface {
		listenOn(address string) (args []string)
	}

	// late is a driver whose program listens before it serves, and may give up in
	// between. It is asked once the program has been connected to; an error says
	// that there is nothing to wait for.
	late interface {
		serves(ctx context.Context, in *Instance) (bool, error)
	}

	// reloader is a driver whose program is not reloaded by a signal, or shows no
	// new workers after it.
	reloader interface {
		// readAgain returns when the program serves with what it has read.
		readAgain(ctx context.Context, in *Instance) error
	}
)

// executable is the name of the program's file.
func (p Program) executable() string {
	if d, ok := p.driver.(named); ok {
		return d.executable()
	}
	return p.Name
}

// part is a file that a configuration needs beside the program.
type part struct {
	name string // what it is, for messages
	file string
	pkg  string // the Debian package that brings it
}

// with adds what a configuration needs.
func (c Config) with(parts ...part) Config {
	c.parts = parts
	return c
}

// Available returns nil, or *proxies.MissingError for the first of the program
// and the modules of a configuration that is not installed.
func (p Program) Available(c Config) error {
	if _, err := p.Find(); err != nil {
		return err
	}
	for _, part := range c.parts {
		if _, err := os.Stat(part.file); err != nil {
			return &proxies.MissingError{Program: part.name, Package: part.pkg}
		}
	}
	return nil
}

// Packages are the Debian packages that bring the program with what one of its
// configurations needs.
func (p Program) Packages(c Config) []string {
	var all []string
	if p.Package != "" {
		all = append(all, p.Package)
	}
	for _, part := range c.parts {
		all = append(all, part.pkg)
	}
	return all
}

// accompany starts what a configuration wants beside the program, and returns
// its address: an AJP adapter in front of the origin, or nothing.
func (in *Instance) accompany(c Config, origin string) (address string, err error) {
	wanted, err := c.namesAJP()
	if err != nil || !wanted {
		return "", err
	}
	adapter, err := ajp.Listen("127.0.0.1:0", &url.URL{Scheme: "http", Host: origin})
	if err != nil {
		return "", fmt.Errorf("start the adapter: %w", err)
	}
	in.beside = adapter
	return adapter.Addr(), nil
}

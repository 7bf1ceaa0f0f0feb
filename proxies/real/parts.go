package real

import (
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real/ajp"
)

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

// accompany starts what a configuration wants beside the program: an AJP adapter
// in front of the origin, or nothing.
func (in *Instance) accompany(c Config, v *Values) error {
	adapted := *v
	adapted.adapted("127.0.0.1:1")
	if c.says(adapted) == c.says(*v) {
		return nil
	}
	adapter, err := ajp.Listen("127.0.0.1:0", &url.URL{Scheme: "http", Host: v.Origin})
	if err != nil {
		return fmt.Errorf("start the adapter: %w", err)
	}
	in.beside = adapter
	v.adapted(adapter.Addr())
	return nil
}

// adapted sets the address of the AJP adapter.
func (v *Values) adapted(address string) {
	v.AJP = address
	v.AJPHost, v.AJPPort, _ = net.SplitHostPort(address)
}

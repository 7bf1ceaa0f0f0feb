package real

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/internal/nearest"
	"github.com/cometbench/cometbench/proxies"
)

// Prefix begins the specs of this package.
const Prefix = "real:"

// Parse reads real:NAME, real:NAME/CONFIG or real:NAME@FILE. It fails with
// *proxies.UnknownNameError, or with the reason why the file cannot be used. Whether
// the program is installed is not asked here (Available).
func Parse(spec string) (proxies.Proxy, error) {
	rest, ok := strings.CutPrefix(spec, Prefix)
	if !ok {
		return nil, fmt.Errorf("proxy %q: %w", spec, errNoPrefix)
	}
	// FILE may hold any character, so it is cut off first.
	rest, file, hasFile := strings.Cut(rest, "@")
	name, configName, hasConfig := strings.Cut(rest, "/")

	program, err := programByName(name)
	if err != nil {
		return nil, err
	}
	p := &proxy{spec: spec, program: program, config: program.Configs[0]}
	switch {
	case hasFile && hasConfig:
		return nil, fmt.Errorf("proxy %q: %w", spec, errBoth)
	case hasFile && file == "":
		return nil, fmt.Errorf("proxy %q: %w", spec, errNoFile)
	case hasFile:
		if p.config, err = own(file, program); err != nil {
			return nil, fmt.Errorf("proxy %q: %w", spec, err)
		}
	case hasConfig:
		if p.config, ok = program.config(configName); !ok {
			return nil, unknown("configuration of "+name, configName, program.configNames())
		}
	}
	return p, nil
}

var (
	errNoPrefix = errors.New(Prefix + " is not in front of it")
	errBoth     = errors.New("it names a configuration and a file; give one")
	errNoFile   = errors.New("no file after @")
)

func programByName(name string) (Program, error) {
	var known []string
	for _, p := range Programs() {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Program{}, unknown("real proxy", name, known)
}

func (p Program) configNames() []string {
	var names []string
	for _, c := range p.Configs {
		names = append(names, c.Name)
	}
	return names
}

func unknown(kind, name string, known []string) error {
	near, _ := nearest.Name(name, known)
	return &proxies.UnknownNameError{Kind: kind, Name: name, Nearest: near, Known: known}
}

package external

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Program is a client that others publish, and our script that drives it.
type Program struct {
	Name       string   // as in results: cometd, faye
	Package    string   // on npm
	Script     string   // in node/
	Family     string   // of techniques: FAMILY-TRANSPORT
	Transports []string // by its own names, the one that it tries first first
	Means      string   // in a sentence
}

// Programs lists them.
func Programs() []Program {
	transports := []string{"websocket", "long-polling", "callback-polling"}
	return []Program{
		{Name: "cometd", Package: "cometd", Script: "cometd.js", Family: "bayeux", Transports: transports,
			Means: "the client of the CometD project, in Node by its own adapter, with its extension for acknowledgements"},
		{Name: "faye", Package: "faye", Script: "faye.js", Family: "bayeux", Transports: transports,
			Means: "the client of the Faye project, in Node, with acknowledgements by an extension of ours; it shakes hands by a poll before it opens a socket"},
	}
}

// ByName finds a program.
func ByName(name string) (Program, bool) {
	all := Programs()
	i := slices.IndexFunc(all, func(p Program) bool { return p.Name == name })
	if i < 0 {
		return Program{}, false
	}
	return all[i], true
}

// Version is the exact one that the lock file names.
func (p Program) Version() string {
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if err := json.Unmarshal(lockFile(), &lock); err != nil {
		return "" // a test reads it
	}
	return lock.Packages["node_modules/"+p.Package].Version
}

// transport is the program's name for a technique of its family.
func (p Program) transport(technique string) (string, error) {
	t, ok := strings.CutPrefix(technique, p.Family+"-")
	if !ok || !slices.Contains(p.Transports, t) {
		return "", fmt.Errorf("%s receives by %s-%s, not by %s", p.Name, p.Family, strings.Join(p.Transports, ", "+p.Family+"-"), technique)
	}
	return t, nil
}

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
	// Called are the techniques of transports that the program calls otherwise
	// than FAMILY-TRANSPORT has it.
	Called map[string]string
}

// Programs lists them.
func Programs() []Program {
	transports := []string{"websocket", "long-polling", "callback-polling"}
	return []Program{
		{Name: "cometd", Package: "cometd", Script: "cometd.js", Family: "bayeux", Transports: transports,
			Means: "the client of the CometD project, in Node by its own adapter, with its extension for acknowledgements"},
		{Name: "faye", Package: "faye", Script: "faye.js", Family: "bayeux", Transports: transports,
			Means: "the client of the Faye project, in Node, with acknowledgements by an extension of ours; it shakes hands by a poll before it opens a socket"},
		{Name: "sockjs-client", Package: "sockjs-client", Script: "sockjs-client.js", Family: "sockjs",
			Transports: []string{"websocket", "xhr-streaming", "eventsource", "xhr-polling", "jsonp-polling"},
			Called:     map[string]string{"xhr-polling": "sockjs-xhr", "jsonp-polling": "sockjs-jsonp"},
			Means:      "the client of the SockJS project, in Node, where it has no cookies and no htmlfile, and jsonp-polling, with a document of ours, is never its own choice; it does not come back when its session is lost"},
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

// technique is the one that a transport of the program's is.
func (p Program) technique(transport string) string {
	if t := p.Called[transport]; t != "" {
		return t
	}
	return p.Family + "-" + transport
}

// techniques are those of its transports, in their order.
func (p Program) techniques() (out []string) {
	for _, t := range p.Transports {
		out = append(out, p.technique(t))
	}
	return out
}

// transport is the program's name for a technique of its family.
func (p Program) transport(technique string) (string, error) {
	all := p.techniques()
	i := slices.Index(all, technique)
	if i < 0 {
		return "", fmt.Errorf("%s receives by %s, not by %s", p.Name, strings.Join(all, ", "), technique)
	}
	return p.Transports[i], nil
}

package demos

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/internal/nearest"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/conference"
	"github.com/cometbench/cometbench/reference/demos/dwr"
	"github.com/cometbench/cometbench/reference/demos/grizzly"
	"github.com/cometbench/cometbench/reference/demos/resin"
	"github.com/cometbench/cometbench/reference/demos/rocket"
	"github.com/cometbench/cometbench/reference/demos/stage"
	"github.com/cometbench/cometbench/reference/demos/tabs"
	"github.com/cometbench/cometbench/reference/demos/tennis"
)

// Demo is a historical system, rebuilt.
type Demo struct {
	Name      string
	Technique string // how it pushes, in the words of the techniques
	Summary   string // one sentence
	// New makes the demo on a stage. It answers everything below the stage's
	// path.
	New func(*stage.Stage) (http.Handler, error)
}

// All returns the demos.
func All() []Demo {
	return []Demo{
		{"rocket", "forever-iframe", "GWT Rocket: a poll function pushes serialised objects through a hidden iframe that is opened anew after 64 KB or a minute.", rocket.New},
		{"grizzly-counter", "long-poll", "Grizzly and GlassFish: responses suspended until somebody notifies; a counter with its payload in a header, and its streaming half.", grizzly.New},
		{"resin-ticker", "forever-iframe", "Resin: a suspended request that is woken without a payload; ten script calls, one every two seconds, then the server closes.", resin.New},
		{"dwr", "early-close, short-poll, piggyback", "DWR: the server calls functions of its pages; comet, polling or piggyback by configuration alone.", dwr.New},
		{"tennis", "forever-iframe", "niceideas: tennis for two browsers over iframes that are renewed in mid-game, messages through a chain of handlers.", tennis.New},
		{"tabs", "eventsource", "What pages did when a host had two connections: a leader by window.name or by cookie, several host names.", tabs.New},
		{"session-rater", "bayeux-long-polling", "Bayeux: a conference's sessions are given stars, and every page sees each vote at once.", conference.NewRater},
		{"chat", "bayeux-long-polling", "Bayeux: a chat with memory.", conference.NewChat},
	}
}

// Options of [Mount]. The zero Options mount all demos at full length.
type Options struct {
	Names     []string // which; none is all
	TimeScale float64  // of their policy time: limits, heartbeats, intervals; 0 is 1
}

// Mount puts demos on a server below /demo/, with an index page. stop waits for
// what they run; call it after the server's Shutdown. The error names a demo
// that is unknown.
func Mount(srv *reference.Server, o Options) (stop func(), err error) {
	all := All()
	for _, name := range o.Names {
		if !slices.ContainsFunc(all, func(d Demo) bool { return d.Name == name }) {
			return nil, unknown(name, all)
		}
	}
	var stages []*stage.Stage
	stop = func() {
		for _, s := range stages {
			s.Close()
		}
	}
	var there []Demo
	for _, d := range all {
		if len(o.Names) > 0 && !slices.Contains(o.Names, d.Name) {
			continue
		}
		s := stage.New(srv, "/demo/"+d.Name+"/", o.TimeScale)
		stages = append(stages, s)
		h, err := d.New(s)
		if err == nil {
			err = srv.Mount(s.Path, withoutSlash(s.Path, h))
		}
		if err != nil {
			stop()
			return nil, fmt.Errorf("demo %s: %w", d.Name, err)
		}
		there = append(there, d)
	}
	list, err := index(there)
	if err == nil {
		err = srv.Mount("/demo/", list)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

func unknown(name string, all []Demo) error {
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	if near, ok := nearest.Name(name, names); ok {
		return fmt.Errorf("demo %.40q is unknown, did you mean %s", name, near)
	}
	return fmt.Errorf("demo %.40q is unknown: want one of %s", name, strings.Join(names, ", "))
}

// withoutSlash lets /demo/NAME show what is at /demo/NAME/.
func withoutSlash(path string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path+"/" == path {
			r = r.Clone(r.Context())
			r.URL.Path = path
		}
		h.ServeHTTP(w, r)
	})
}

//go:embed index.html
var indexPage string

// index lists the demos that are there.
func index(there []Demo) (http.Handler, error) {
	frame, err := stage.Page("/demo/", indexPage, func(*http.Request) any { return there })
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/demo/" && r.URL.Path != "/demo" {
			stage.Fail(w, http.StatusNotFound, "no such demo, /demo/ lists what is here")
			return
		}
		frame.ServeHTTP(w, r)
	}), nil
}

package main

import (
	"maps"
	"net/http"
	"slices"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/visits"
)

// server makes the reference server and, where it keeps a record, the visits
// that are measured by it; Close of nil visits does nothing.
func (o *serveOptions) server(token string, l *listeners) (*reference.Server, *visits.Visits, error) {
	config := o.config(token)
	if o.noRecord {
		srv, err := reference.New(config)
		return srv, nil, err
	}
	var srv *reference.Server // is there before anybody can visit it
	inside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { srv.Inside().ServeHTTP(w, r) })
	version, commit := buildInfo()
	var pinned []byte
	if l.roots != nil { // a certificate of ours, which no browser trusts
		pinned = l.cert.Certificate[0]
	}
	v, err := visits.New(visits.Config{
		Dir: o.visits, Kept: o.visitsKept, Origin: scenarios.Inside(inside), HTTP3: slices.Contains(o.http, "3"), Pinned: pinned,
		Tool: measure.Tool{Version: version, Commit: commit}, Render: reports.WriteAll,
	})
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(config.Extra, v.Handlers())
	srv, err = reference.New(config)
	return srv, v, err
}

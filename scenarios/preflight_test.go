package scenarios_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
)

// refusing is a program that is shared and does not start.
type refusing struct{ err error }

func (refusing) Name() string                       { return "real:refusing" }
func (refusing) Capabilities() proxies.Capabilities { return proxies.Capabilities{} }
func (refusing) Scope() proxies.Scope               { return proxies.Shared }
func (refusing) Available() error                   { return nil }

func (r refusing) Start(context.Context, proxies.Env) (proxies.Instance, error) { return nil, r.err }

// A program whose configuration is wrong ends the run before it begins; one that
// cannot do what some cells ask for does not, for the others may be measured.
func TestPreflight(t *testing.T) {
	o, err := scenarios.InProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	wrong := errors.New("line 3 is wrong")
	for _, c := range []struct{ err, want error }{
		{wrong, wrong},
		{&proxies.UnsupportedError{Proxy: "real:refusing", Reason: "no TLS"}, nil},
	} {
		m := scenarios.Matrix{Paths: []scenarios.Path{{Proxy: refusing{c.err}}}}
		if err := scenarios.Preflight(t.Context(), m, o); !errors.Is(err, c.want) {
			t.Errorf("Preflight = %v, want %v", err, c.want)
		}
	}
}

package sockjsprotocol_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/reference"
)

// origin is the address of a reference server.
func origin(t *testing.T) string {
	t.Helper()
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		web.CloseClientConnections()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		web.Close()
	})
	return web.URL
}

// through is the address of a path that leads there.
func through(t *testing.T, spec, address string) string {
	t.Helper()
	proxy, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.Available(); err != nil {
		t.Skip(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	in, err := proxy.Start(t.Context(), proxies.Env{Origin: u, Mode: proxies.Reverse, Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in.Route().Base.String()
}

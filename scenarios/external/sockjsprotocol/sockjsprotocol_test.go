package sockjsprotocol_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios/external/sockjsprotocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReferenceServer: the reference server passes every case over the direct
// path, chunks held against frames.
func TestReferenceServer(t *testing.T) {
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv.Handler())
	t.Run("cases", func(t *testing.T) { askAll(t, web.URL, sockjsprotocol.Server{}) })
	web.CloseClientConnections()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	web.Close()
}

// TestSockJSNode: so does the server that the rules were made with, or the
// cases ask for something else.
func TestSockJSNode(t *testing.T) {
	askAll(t, startNode(t), sockjsprotocol.Server{})
}

// TestNames: a case is found by its name, and the marks are where chunks are
// looked at.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range sockjsprotocol.Cases() {
		if class, test, ok := strings.Cut(c.Name, ".test_"); seen[c.Name] || !ok || class == "" || test == "" {
			t.Errorf("name %q", c.Name)
		}
		seen[c.Name] = true
	}
	if len(seen) != 67 {
		t.Errorf("%d cases, want 67: 68 of the published suite without Websocket.test_haproxy", len(seen))
	}
}

// TestChunks: a server that says the same in other chunks fails exactly the
// marked cases, and none when chunks do not count.
func TestChunks(t *testing.T) {
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(halves{srv.Handler()})
	t.Run("any", func(t *testing.T) { askAll(t, web.URL, sockjsprotocol.Server{AnyChunks: true}) })
	t.Run("exact", func(t *testing.T) {
		for _, c := range sockjsprotocol.Cases() {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				if err := c.Run(t.Context(), sockjsprotocol.Server{Base: below(t, web.URL)}); (err != nil) != c.ChunkBound {
					t.Errorf("chunk-bound %v, and in half chunks: %v", c.ChunkBound, err)
				}
			})
		}
	})
	web.CloseClientConnections()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	web.Close()
}

// halves writes what it is given in two pieces each.
type halves struct{ http.Handler }

func (h halves) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Handler.ServeHTTP(halved{w}, r) }

type halved struct{ http.ResponseWriter }

func (h halved) Unwrap() http.ResponseWriter { return h.ResponseWriter }

func (h halved) Write(p []byte) (int, error) {
	n, err := h.ResponseWriter.Write(p[:len(p)/2])
	if err == nil {
		err = http.NewResponseController(h.ResponseWriter).Flush()
	}
	if err == nil {
		n, err = h.ResponseWriter.Write(p[len(p)/2:])
		n += len(p) / 2
	}
	return n, err
}

func askAll(t *testing.T, server string, s sockjsprotocol.Server) {
	s.Base = below(t, server)
	for _, c := range sockjsprotocol.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

func below(t *testing.T, server string) *url.URL {
	base, err := url.Parse(server + "/sockjs")
	if err != nil {
		t.Fatal(err)
	}
	return base
}

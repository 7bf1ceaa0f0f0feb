package sockjsprotocol_test

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/external/sockjsprotocol"
)

// TestThroughProxies: a path that streams passes every case when chunks do not
// count, and fails none but the marked ones when they do.
func TestThroughProxies(t *testing.T) {
	address := origin(t)
	for _, spec := range []string{"transparent", "real:nginx/streaming"} {
		t.Run(spec, func(t *testing.T) {
			base := below(t, through(t, spec, address))
			for _, c := range sockjsprotocol.Cases() {
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					if err := c.Run(t.Context(), sockjsprotocol.Server{Base: base, AnyChunks: true}); err != nil {
						t.Errorf("in any chunks: %v", err)
					}
					if err := c.Run(t.Context(), sockjsprotocol.Server{Base: base}); err != nil && !c.ChunkBound {
						t.Errorf("and it is not chunk-bound: %v", err)
					}
				})
			}
		})
	}
}

package scenarios

import (
	"context"
	"errors"
	"fmt"

	"github.com/cometbench/cometbench/proxies"
)

// Preflight starts and stops each real program of the matrix once, so that a
// configuration it refuses is known before anything is measured. What is not
// installed here, and what somebody else runs, is left to the run.
func Preflight(ctx context.Context, m Matrix, o Origin) error {
	for _, p := range m.Paths {
		if p.Missing != nil || p.Proxy.Scope() != proxies.Shared || p.Proxy.Capabilities().Foreign {
			continue
		}
		in, err := p.Proxy.Start(ctx, proxies.Env{Origin: o.URL(), Mode: p.Mode})
		if unsupported := (*proxies.UnsupportedError)(nil); errors.As(err, &unsupported) {
			continue // the cells say so
		}
		if err != nil {
			return err
		}
		if err := in.Close(); err != nil {
			return fmt.Errorf("stop %s: %w", p.Proxy.Name(), err)
		}
	}
	return nil
}

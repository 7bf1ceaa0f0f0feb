//go:build !linux

package proxies

import (
	"context"
	"fmt"
	"net"
)

// namespace is a network of its own, which only Linux has.
type namespace struct{ link }

func openNamespace() (*namespace, error) {
	return nil, fmt.Errorf("%w: only Linux has network namespaces", errNoNamespace)
}

func (*namespace) listen(context.Context, string) (net.Listener, error) { return nil, errNoNamespace }

func (*namespace) close() error { return nil }

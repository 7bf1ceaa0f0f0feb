// Package selfsigned makes certificates that nobody signed for: an authority
// that lives in memory only, and leaves signed by it.
package selfsigned

import (
	"crypto/tls"
	"time"
)

// Lifetime of the certificates. WebTransport accepts pinned ones of at most 14
// days.
const Lifetime = 10 * 24 * time.Hour

// Pair is a leaf with its key, and the authority to trust for it.
type Pair struct {
	Certificate tls.Certificate
	RootsPEM    []byte
}

// New makes a pair for localhost, the loopback addresses and further hosts
// (names or IP addresses). It fails only when randomness does.
func New(hosts ...string) (Pair, error) {
	authority, err := NewAuthority("cometbench authority, this run only")
	if err != nil {
		return Pair{}, err
	}
	leaf, err := authority.Issue(append([]string{"localhost", "127.0.0.1", "::1"}, hosts...)...)
	if err != nil {
		return Pair{}, err
	}
	return Pair{Certificate: leaf, RootsPEM: authority.PEM}, nil
}

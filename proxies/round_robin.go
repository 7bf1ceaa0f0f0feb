package proxies

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

func roundRobinFault() Fault {
	return Fault{
		Name:     "round-robin",
		Means:    "The origins take turns, and nothing keeps the requests of one session with one of them.",
		Source:   "socketio/socket.io#1739, socketio/socket.io-sticky#8, wasp-lang/wasp#2040; nginx upstream and haproxy balance roundrobin as they come",
		Provokes: []Provoke{{"session-affinity", "round-robin"}},
		Params: []Param{
			{Name: "per", Type: Word, Words: []string{"request", "connection"}, Default: "request", Main: true, Means: "who gets the next origin: each request, or each connection of a client with all its requests, so that only clients that open new ones change; a tunnel that carries no HTTP counts as one request"},
		},
		Early:   true,
		Origins: 2,
		New: func(a Args) (Hooks, error) {
			b := &balancer{origins: a.Origins(), sticky: a.Text("per") == "connection"}
			return Hooks{Upstream: b.exchange, Connect: b.tunnel, Conn: b.remember}, nil
		},
	}
}

// balancer gives turns to the origins of one instance.
type balancer struct {
	origins []*url.URL
	sticky  bool
	turns   atomic.Uint64
}

func (b *balancer) next() *url.URL {
	return b.origins[(b.turns.Add(1)-1)%uint64(len(b.origins))]
}

// balancedConn is a client's connection, and the origin that it has got.
type balancedConn struct {
	net.Conn
	by     *balancer
	origin func() *url.URL // takes a turn when it is first asked
}

func (c *balancedConn) NetConn() net.Conn { return c.Conn }

func (b *balancer) remember(c net.Conn) net.Conn {
	return &balancedConn{Conn: c, by: b, origin: sync.OnceValue(b.next)}
}

// choose gives an origin to something that client asked for.
func (b *balancer) choose(client net.Conn) *url.URL {
	if b.sticky {
		for c := range layers(client) {
			if own, ok := c.(*balancedConn); ok && own.by == b {
				return own.origin()
			}
		}
	}
	return b.next()
}

func (b *balancer) exchange(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		ex := exchangeOf(r.Context())
		if !ex.hop.leadsTo(hostPort(r.URL)) {
			return next.RoundTrip(r) // elsewhere, where a forward proxy may
		}
		var to *url.URL
		if turn := b.turnOf(insideOf(ex.client)); turn != nil && turn.used.CompareAndSwap(false, true) {
			to = turn.origin
		} else {
			to = b.choose(ex.client)
		}
		r = r.Clone(r.Context())
		ex.hop.pointAt(r, to)
		return next.RoundTrip(r)
	})
}

// openingTurn is the turn that a tunnel took when it was opened, before anybody
// knew what it would carry. The first request inside uses it: two turns for
// each would bring all of them to the same origins.
type openingTurn struct {
	origin *url.URL
	used   atomic.Bool
}

func (b *balancer) turnOf(inside *insideConn) *openingTurn {
	if inside == nil {
		return nil
	}
	turn, _ := inside.opened.Context().Value(b).(*openingTurn)
	return turn
}

func (b *balancer) tunnel(next Connector) Connector {
	return func(r *http.Request) (net.Conn, *http.Response, error) {
		if !hopOf(r.Context()).leadsTo(r.Host) {
			return next(r)
		}
		turn := &openingTurn{origin: b.choose(clientOf(r.Context()))}
		r = r.WithContext(context.WithValue(r.Context(), b, turn))
		r.Host = hostPort(turn.origin)
		return next(r)
	}
}

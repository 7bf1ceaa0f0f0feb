package proxies

import (
	"context"
	"errors"
	"net"
	"net/http"
)

func connectionsFault() Fault {
	return Fault{
		Name:   "connections",
		Means:  "Only so many are served at once, in all, of each client, or as connections to the origin; one more is refused or waits for its turn.",
		Source: "Envoy circuit breaker 1024 (centrifugal.dev, load balancing); servers with a thread for each request (over=wait); nginx limit_conn (of=client); haproxy maxconn of a server, with its queue (of=pool)",
		Provokes: []Provoke{
			{"connection-limit", "connections(2)"},
			{"connection-limit", "connections(2,of=client)"},
			{"connection-limit", "connections(2,of=pool)"},
			{"thread-starvation", "connections(2,over=wait)"},
			{"thread-starvation", "connections(2,of=pool,over=wait)"},
		},
		Params: []Param{
			{Name: "max", Type: Count, Default: "6", Main: true, Means: "how many"},
			{Name: "of", Type: Word, Words: []string{"total", "client", "pool"}, Default: "total", Means: "what is counted: exchanges under way, held streams and upgraded connections included, and tunnels, whatever they carry (total); the same for each client address by itself (client); connections to the origin, those that are kept for later included (pool)"},
			{Name: "over", Type: Word, Words: []string{"refuse", "wait"}, Default: "refuse", Means: "what becomes of one more"},
			{Name: "status", Type: Count, Default: "503", Means: "of the refusal"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			if a.Number("max") > 1<<20 {
				return Hooks{}, errors.New("max: want at most 1048576")
			}
			l := &connectionLimit{
				places: places{max: int(a.Number("max")), wait: a.Text("over") == "wait"},
				each:   a.Text("of") == "client", status: status,
			}
			if a.Text("of") == "pool" {
				return Hooks{Dial: l.dial}, nil
			}
			return Hooks{Upstream: l.exchange, Connect: l.tunnel}, nil
		},
	}
}

// connectionLimit is the limit of one instance.
type connectionLimit struct {
	places places
	each   bool // each client by itself
	status int
}

// key is what r is counted under.
func (l *connectionLimit) key(r *http.Request) string {
	if !l.each {
		return ""
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (l *connectionLimit) exchange(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		ex := exchangeOf(r.Context())
		if inside := insideOf(ex.client); inside != nil && inside.opened.Context().Value(l) != nil {
			return next.RoundTrip(r) // in a tunnel that has its place
		}
		leave, err := l.places.take(r.Context(), l.key(ex.in))
		if errors.Is(err, errFull) {
			return ownAnswer(r, l.status, err.Error()), nil
		}
		if err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(r)
		if err != nil {
			leave()
			return nil, err
		}
		resp.Body = leavingBody(resp.Body, leave)
		return resp, nil
	})
}

func (l *connectionLimit) tunnel(next Connector) Connector {
	return func(r *http.Request) (net.Conn, *http.Response, error) {
		leave, err := l.places.take(r.Context(), l.key(r))
		if errors.Is(err, errFull) {
			return nil, ownAnswer(r, l.status, err.Error()), nil
		}
		if err != nil {
			return nil, nil, err
		}
		context.AfterFunc(r.Context(), leave) // with the tunnel's end
		return next(r.WithContext(context.WithValue(r.Context(), l, true)))
	}
}

func (l *connectionLimit) dial(next Dialer) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ex := exchangeOf(ctx); ex != nil {
			// Pools dial on for whoever comes next, but nobody need queue for that.
			own, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			defer context.AfterFunc(ex.in.Context(), func() { cancel(errClientGone) })()
			ctx = own
		}
		if !l.places.free("") {
			hopOf(ctx).pools.closeIdle() // what is kept for nothing makes room
		}
		leave, err := l.places.take(ctx, "")
		if errors.Is(err, errFull) {
			err = &refusedError{status: l.status, reason: err.Error()}
		}
		if err != nil {
			return nil, err
		}
		c, err := next(ctx, network, address)
		if err != nil {
			leave()
			return nil, err
		}
		return &leavingConn{Conn: c, leave: leave}, nil
	}
}

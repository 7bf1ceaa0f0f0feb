package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const upgradeName = "upgrade"

// The ways in which a websocket can be opened along a path.
const (
	wayReverse = "upgrade"     // by GET at the address that leads to the origin
	wayGet     = "get"         // by GET of the absolute URI, as WebKit asks a forward proxy
	wayConnect = "connect"     // through CONNECT, in the clear
	waySecure  = "connect-tls" // through CONNECT, by TLS with the origin itself
)

// health is how long a socket must live to be trusted: middleboxes that let an
// upgrade pass and then kill it do so within half a second.
const health = 800 * time.Millisecond

// upgradeTrial opens a websocket in each way that leads along the path, sends a
// frame in both directions and sees whether it lives.
func upgradeTrial() Trial {
	return Trial{Name: upgradeName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		var parts []*Evidence
		for _, way := range b.ways() {
			how := asking{}
			if way == wayGet {
				how.socketVia = "get"
			}
			x, err := b.openAs(ctx, way, unrecycled(), how)
			if err != nil {
				return nil, err
			}
			e, err := x.healthy(ctx)
			if err != nil {
				return nil, err
			}
			parts = append(parts, e)
		}
		if len(parts) == 0 {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " opens websockets in none of the ways that lead along this path"}
		}
		return inParts(parts...), nil
	}}
}

// ways are those along this path that the client has.
func (b *Bench) ways() []string {
	secure := b.base().Scheme == "https"
	switch {
	case b.Route.Proxy == nil:
		return []string{wayReverse}
	case secure:
		return []string{waySecure}
	}
	ways := []string{wayGet, wayConnect}
	if b.Client.Supports(b.subscription(b.Nonce, unrecycled(), asking{socketVia: "get"})) != nil {
		ways = ways[1:]
	}
	return ways
}

// healthy sends one message down and waits whether the socket lives on.
func (x *exchange) healthy(ctx context.Context) (*Evidence, error) {
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	x.log.wait(ctx, lingerWait/4, x.done, has(measure.Prelude))
	if err := x.publish(ctx, time.Now(), smallMessage(0)); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	x.log.wait(ctx, health, x.done, func([]measure.Event) bool { return false })
	return x.end(ctx)
}

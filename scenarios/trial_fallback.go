package scenarios

import (
	"context"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	fallbackName = "fallback"
	// fallbackWait is more than two of the usual 10 s that clients give a
	// request, which they may spend on each transport.
	fallbackWait = 30 * time.Second
)

// endpoints are where a protocol is spoken over any of its transports, to who
// asks for the hub's channels.
var endpoints = map[string]string{"bayeux": "/bayeux", "sockjs": "/sockjs/hub"}

// fallbackTrial lets the client choose its transport at the protocol's own
// endpoint.
func fallbackTrial() Trial {
	return Trial{Name: fallbackName, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		client, ok := b.Client.(measure.Chooser)
		if !ok {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " does not choose among transports"}
		}
		e := b.evidence(fallbackName)
		channel := b.Nonce + "-" + fallbackName
		t := b.target(endpoints[b.Technique.Session])
		t.URL += "?" + url.Values{"nonce": {b.Nonce}, "channel": {channel}}.Encode()
		limited, cancel := context.WithTimeout(ctx, fallbackWait)
		defer cancel()
		choice, err := client.Choose(limited, t, channel, func() error {
			_, err := b.Origin.Publish(ctx, channel, time.Now(), "application/json", smallMessage(0))
			return err
		})
		if err != nil {
			return nil, err
		}
		e.Choice = &choice
		e.Origin, _, err = b.Origin.Record(ctx, channel, 0, 0)
		return e, err
	}}
}

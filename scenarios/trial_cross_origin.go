package scenarios

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cometbench/cometbench/scenarios/clients"
)

const crossOriginName = "cross-origin"

// The parts of the cross-origin trial.
const (
	partPreflight = "preflight"
	partActual    = "actual"
)

// otherPage is where a page of another origin would come from.
const otherPage = "https://page.example"

// crossOriginTrial asks as a page of another origin does: what it may send,
// then the technique's own request, whose answer it may read or not.
func crossOriginTrial() Trial {
	return Trial{Name: crossOriginName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		channel := b.Nonce + "-" + partActual
		opts := unrecycled()
		opts.Set("nonce", b.Nonce)
		opts.Set("hold", "1ms")
		opts.Set("recycle_after", "300ms") // a path that holds the head lets go of it then
		asked, err := url.Parse(clients.SubscribeURL(b.base(), b.Technique.Name, channel, opts))
		if err != nil {
			return nil, err
		}
		path := "/t/" + b.Technique.Name
		preflight, err := b.ask(ctx, partPreflight, single{method: http.MethodOptions, path: path, query: asked.Query(), header: http.Header{
			"Origin":                         {otherPage},
			"Access-Control-Request-Method":  {http.MethodPost},
			"Access-Control-Request-Headers": {"authorization, last-event-id, x-cometbench-probe"},
		}})
		if err != nil {
			return nil, err
		}
		method := b.Technique.Method
		if method == "" {
			method = http.MethodGet
		}
		actual, err := b.ask(ctx, partActual, single{method: method, path: path, query: asked.Query(), channel: channel, headOnly: true,
			header: http.Header{"Origin": {otherPage}, "Accept": {b.Technique.Accept}}})
		if err != nil {
			return nil, err
		}
		return inParts(actual, preflight), nil
	}}
}

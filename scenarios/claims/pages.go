package claims

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// blank is a page of the origin's without anything on it.
const blank = "/healthz"

// pageWait bounds what one page is asked.
const pageWait = 30 * time.Second

// onPage opens a blank page of an origin in the browser and has f use it. http
// is "2" over TLS, "" is 1.1. An answer comes back when there is no browser.
func (l *Lab) onPage(ctx context.Context, o scenarios.Origin, http string, f func(ctx context.Context, tab measure.Tab) error) (missing *Answer, err error) {
	b, err := l.page(ctx)
	if err != nil {
		a := untested("%v", err)
		return &a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pageWait)
	defer cancel()
	tab, err := b.Open(ctx, measure.Target{URL: o.URL().JoinPath(blank).String(), HTTP: http, RootsPEM: o.Roots()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	return nil, f(ctx, tab)
}

// streams is how many subscriptions of a channel an origin has accepted.
func streams(ctx context.Context, o scenarios.Origin, channel string) (int, error) {
	events, _, err := o.Record(ctx, channel, 0, 0)
	n := 0
	for _, e := range events {
		if e.Kind == measure.Headers {
			n++
		}
	}
	return n, err
}

// name makes the name of a channel that nobody else has.
func name(what string) string { return fmt.Sprintf("%s-%d", what, crowds.Add(1)) }

// stream is the address of a stream as a page of the origin's writes it, which
// lives as long as it is let. A page puts a nonce behind it.
func stream(technique, channel string) string {
	q := url.Values{"channel": {channel}, "recycle_after": {"0"}, "recycle_bytes": {"0"}}
	return "/t/" + technique + "?" + q.Encode() + "&nonce="
}

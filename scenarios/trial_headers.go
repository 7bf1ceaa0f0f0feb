package scenarios

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const headersName = "headers"

// The parts of the headers trial.
const (
	partProbe = "probe" // the technique's own request, once
	partPost  = "post"  // a request with a body, once
)

// probingFields are the request header fields that applications and the
// techniques rely on, as the origin's record names them.
var probingFields = []string{"Authorization", "Cookie", "Last-Event-Id", "X-Cometbench-Probe", "X-Requested-With"}

// echoedFields are what the origin answers them with.
var echoedFields = []string{"Set-Cookie", "X-Cometbench-Echo"}

// headersTrial makes one request that carries them and one with a body, and
// lets the origin write down what arrived, and how often.
func headersTrial() Trial {
	return Trial{Name: headersName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		probe, err := b.probe(ctx)
		if err != nil || b.Technique.Class == measure.ClassSocket {
			return probe, err
		}
		post, err := b.sink(ctx, partPost, false, nil)
		var cannot *unableError
		if errors.As(err, &cannot) {
			return probe, nil // this client has shown what it can
		}
		if err != nil {
			return nil, err
		}
		return inParts(probe, post), nil
	}}
}

// probe makes the technique's own request with the fields in question, behind
// one message, and has one more come.
func (b *Bench) probe(ctx context.Context) (*Evidence, error) {
	channel := b.Nonce + "-" + partProbe
	before, err := b.Origin.Publish(ctx, channel, time.Now(), "application/json", smallMessage(0))
	if err != nil {
		return nil, err
	}
	opts := unrecycled()
	opts.Set("echo", "1")
	x, err := b.openAs(ctx, partProbe, opts, asking{once: true, header: http.Header{
		"Authorization":      {"Bearer cometbench"},
		"Cookie":             {"cometbench=1"},
		"Last-Event-Id":      {before},
		"X-Cometbench-Probe": {b.Nonce},
		"X-Requested-With":   {"XMLHttpRequest"},
	}})
	if err != nil {
		return nil, err
	}
	if !x.attached(ctx) {
		return x.finish(ctx)
	}
	if err := x.publish(ctx, time.Now(), smallMessage(1)); err != nil {
		return nil, joinFinish(ctx, x, err)
	}
	if b.Technique.Class != measure.ClassPoll { // that one was answered before
		x.settle(ctx, lingerWait)
	}
	return x.end(ctx)
}

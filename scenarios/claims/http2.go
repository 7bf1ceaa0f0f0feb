package claims

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Polling over two versions of HTTP, both with TLS, as browsers speak HTTP/2.
const (
	http2Crowd = 40
	http2Pairs = 9
	http2Lasts = 800 * time.Millisecond
)

// HTTP2Polling asks what HTTP/2 takes off the price of polling.
func HTTP2Polling() Claim {
	return Claim{
		Name: "http2-polling-cheap", Sentence: "HTTP/2 makes polling cheap",
		Source: handedDown + ", since HTTP/2",
		Measured: fmt.Sprintf("%d subscribers poll every %s over HTTP/1.1 and over HTTP/2, both with TLS on a connection that stays, and get a message a second; beside them a stream over HTTP/2; bytes and the processor time of the server's process, the median of %d alternating rounds; cheap is half the bytes, and a tenth less processor time",
			http2Crowd, pollingEvery, http2Pairs),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx, "--tls", "--no-record")
			if err != nil {
				return Answer{}, err
			}
			kinds := []crowd{{technique: "short-poll", http: "1.1"}, {technique: "short-poll", http: "2"}, {technique: "eventsource", http: "2"}}
			rounds := make([][]served, len(kinds))
			for range http2Pairs {
				for i, c := range kinds {
					c.subscribers, c.rate, c.lasts, c.interval = http2Crowd, 1/http2Lasts.Seconds(), http2Lasts, pollingEvery
					s, err := c.serve(ctx, origin)
					if err != nil {
						return Answer{}, err
					}
					rounds[i] = append(rounds[i], s)
				}
			}
			return http2Answer(rounds[0], rounds[1], rounds[2]), nil
		},
	}
}

func http2Answer(old, h2, stream []served) Answer {
	bytes := func(s served) float64 { return float64(s.in + s.out) }
	cpu := func(s served) float64 { return s.cpu.Seconds() }
	times := func(a, b []served, of func(served) float64) float64 {
		var out []float64
		for i := range a {
			out = append(out, of(a[i])/of(b[i]))
		}
		return round(median(out))
	}
	of := func(rounds []served, f func(served) float64) float64 {
		var out []float64
		for _, s := range rounds {
			out = append(out, f(s)/s.took.Seconds())
		}
		return median(out)
	}
	a := Answer{Values: map[string]float64{
		"http1_times_http2_bytes": times(old, h2, bytes), "http1_times_http2_cpu": times(old, h2, cpu),
		"http2_times_stream_bytes": times(h2, stream, bytes), "http2_times_stream_cpu": times(h2, stream, cpu),
	}}
	for i, rounds := range [][]served{old, h2, stream} {
		a.Rows = append(a.Rows, fmt.Sprintf("%s: %.0f bytes a second for each subscriber, %.2f %% of a core for all %d",
			[]string{"polling over HTTP/1.1", "polling over HTTP/2", "a stream over HTTP/2"}[i], of(rounds, bytes)/http2Crowd, 100*of(rounds, cpu), http2Crowd))
	}
	a.Rows = append(a.Rows, "server and clients speak the HTTP/2 of Go's net/http")
	v := a.Values
	a.Got = fmt.Sprintf("over HTTP/1.1 polling takes %.1f times the bytes and %.1f times the processor time of polling over HTTP/2; that still takes %.1f times the bytes and %.1f times the processor time of a stream",
		v["http1_times_http2_bytes"], v["http1_times_http2_cpu"], v["http2_times_stream_bytes"], v["http2_times_stream_cpu"])
	fewer, lighter := v["http1_times_http2_bytes"] >= 2, v["http1_times_http2_cpu"] >= 1.1
	a.Answer = holds(fewer && lighter)
	switch {
	case fewer && !lighter:
		a.Answer, a.Got = measure.ClaimOnlyIf, "it is bytes that cost, not the server's processor: "+a.Got
	case lighter && !fewer:
		a.Answer, a.Got = measure.ClaimOnlyIf, "it is the server's processor that costs, not bytes: "+a.Got
	}
	return a
}

// manyTabs are twice as many as a browser gives connections to a host.
const manyTabs = 12

// HTTP2Tabs asks whether streams in many tabs still keep each other out.
func HTTP2Tabs() Claim {
	return Claim{
		Name: "http2-many-tabs", Sentence: "HTTP/2 makes many tabs cheap: their streams share one connection",
		Source:   "RFC 7540, section 9.1: one connection to a host is enough",
		Measured: fmt.Sprintf("%d tabs in Chromium, an EventSource in each, over HTTP/2; the server tells streams and connections apart; then the same streams in one tab over HTTP/1.1", manyTabs),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			secure, err := l.origin(ctx, "--tls")
			if err != nil {
				return Answer{}, err
			}
			plain, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			h2, missing, err := l.tabs(ctx, secure, "2", manyTabs, 1)
			if err != nil || missing != nil {
				return orEmpty(missing), err
			}
			h1, missing, err := l.tabs(ctx, plain, "", 1, manyTabs) // more tabs would not load
			if err != nil || missing != nil {
				return orEmpty(missing), err
			}
			if h1.streams == 0 || h2.streams == 0 {
				return untested("over HTTP/1.1 %d streams came up, over HTTP/2 %d: the measurement shows nothing", h1.streams, h2.streams), nil
			}
			return Answer{
				Answer: holds(h2.streams == manyTabs && h2.connections == 1 && h1.streams < manyTabs),
				Got:    fmt.Sprintf("over HTTP/2 %d of %d streams are open on %d connection; over HTTP/1.1 %d on %d", h2.streams, manyTabs, h2.connections, h1.streams, h1.connections),
				Rows:   []string{fmt.Sprintf("HTTP/2: the last of %d tabs had its stream %.0f ms after the first tab was opened", manyTabs, float64(h2.took.Milliseconds()))},
				Values: map[string]float64{"http2_streams": float64(h2.streams), "http2_connections": float64(h2.connections), "http1_streams": float64(h1.streams), "http1_connections": float64(h1.connections)},
			}, nil
		},
	}
}

// tabbed is what a server saw of a browser's tabs.
type tabbed struct {
	streams, connections int
	took                 time.Duration
}

// tabs opens tabs beside each other, with so many streams in each.
func (l *Lab) tabs(ctx context.Context, origin scenarios.Origin, http string, tabs, each int) (got tabbed, missing *Answer, err error) {
	channel := name("tabs")
	start := func(ctx context.Context, tab measure.Tab, from int) error {
		return tab.Eval(ctx, fmt.Sprintf("(() => { for (let i = 0; i < %d; i++) new EventSource(%q + (%d + i)); })()", each, stream("eventsource", channel), from), nil)
	}
	began := time.Now()
	missing, err = l.onPage(ctx, origin, http, func(ctx context.Context, first measure.Tab) (err error) {
		if err := start(ctx, first, 0); err != nil {
			return err
		}
		for i := 1; i < tabs; i++ {
			tab, err := first.Beside(ctx, origin.URL().JoinPath(blank).String())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, tab.Close()) }()
			if err := start(ctx, tab, i*each); err != nil {
				return err
			}
		}
		for end := time.Now().Add(twelveWait); time.Now().Before(end) && got.streams < tabs*each; {
			if err := sleepUntil(ctx, time.Now().Add(50*time.Millisecond)); err != nil {
				return err
			}
			events, _, err := origin.Record(ctx, channel, 0, 0)
			if err != nil {
				return err
			}
			var conns []int
			got.streams, got.took = 0, time.Since(began)
			for _, e := range events {
				if e.Kind != measure.Headers {
					continue
				}
				got.streams++
				if !slices.Contains(conns, e.Conn) {
					conns = append(conns, e.Conn)
				}
			}
			got.connections = len(conns)
		}
		return nil
	})
	return got, missing, err
}

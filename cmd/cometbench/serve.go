package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
	"github.com/cometbench/cometbench/scenarios"
)

// serveOptions are the flags of `serve`.
type serveOptions struct {
	listen, token  string
	tls            bool
	certFile, key  string
	http           []string
	window         int
	epoch          string
	subscribers    int
	channels       int
	messageBytes   int64
	logBytes       int64
	publishRate    int
	workers, queue int
	delay          time.Duration
	noRecord       bool
	visits         string
	visitsKept     int
	grace          time.Duration
	jsonOutput     bool
	demos          []string
	demoScale      float64
}

func serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference server",
		Long: `Serve runs the reference comet server until it is interrupted. Its index page
lists the techniques and tries each in your browser. Beyond loopback, publishing
and reading records need the token that it prints.

With --tls it speaks HTTPS only, with a certificate of its own unless --cert and
--key name yours. --http 3 listens on the same port by UDP as well and brings
WebTransport. HTTP/2 without TLS is by prior knowledge.

Whoever opens /self-test learns which techniques reach that browser; each visit
leaves a run directory below --visits, and /visits lists them.

--workers makes it a thread-per-request server: each request, held responses
included, takes one of N slots; further ones wait or get 503. /publish, /record,
/metrics and what the page of /self-test reports go outside the slots. --delay
makes it one that is slow: what cometbench run says of either is that it is not
the proxy.`,
		Example: "  cometbench serve --listen 127.0.0.1:8080\n  curl -N 'http://127.0.0.1:8080/t/eventsource?channel=demo'\n  curl -d '\"hello\"' -H 'Content-Type: application/json' 'http://127.0.0.1:8080/publish?channel=demo'",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.token, "token", "", "token for publishing and records (default: a random one, needed beyond loopback only)")
	f.BoolVar(&o.tls, "tls", false, "speak HTTPS, self-signed unless --cert and --key are given")
	f.StringVar(&o.certFile, "cert", "", "certificate chain in PEM, with --key")
	f.StringVar(&o.key, "key", "", "private key in PEM, with --cert")
	f.StringSliceVar(&o.http, "http", []string{"1.0", "1.1", "2"}, "HTTP versions to answer: 1.0, 1.1, 2, 3 (3 needs --tls)")
	f.StringVar(&o.epoch, "epoch", "", "name of the messages' numbering (default: a random one); servers that are given the same messages and one name are one to who comes back")
	f.IntVar(&o.window, "window", 1024, "messages kept per channel for those who come back")
	f.IntVar(&o.subscribers, "max-subscribers", 65536, "subscriptions at once; further ones get 503")
	f.IntVar(&o.channels, "max-channels", 65536, "channels kept")
	f.Int64Var(&o.messageBytes, "max-message", 1<<20, "bytes of a published message")
	f.Int64Var(&o.logBytes, "max-log", 256<<20, "bytes of messages kept in all")
	f.IntVar(&o.publishRate, "max-publish-rate", 0, "messages a second, further ones get 429 (0: no limit)")
	f.IntVar(&o.workers, "workers", 0, "requests served at once, held ones included (0: no limit)")
	f.IntVar(&o.queue, "workers-queue", 1000, "requests that wait for a worker; further ones get 503")
	f.DurationVar(&o.delay, "delay", 0, "how long after it was published subscribers get a message")
	f.BoolVar(&o.noRecord, "no-record", false, "keep no record of what was sent and noticed (saves memory under load); then there is no /self-test")
	f.StringVar(&o.visits, "visits", filepath.Join("cometbench-out", "visits"), "directory for the run directories of visits to /self-test")
	f.IntVar(&o.visitsKept, "max-visits", 200, "visits kept; the oldest go first")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "how long subscribers may take to leave at shutdown")
	f.StringArrayVar(&o.demos, "demo", nil, "mount only this demo (repeatable; default: all, see list demos)")
	f.Float64Var(&o.demoScale, "demo-time-scale", 1, "multiply the demos' limits, heartbeats and intervals")
	f.BoolVar(&o.jsonOutput, "json", false, "print one JSON line with url and token when it listens")
	return cmd
}

func serve(ctx context.Context, o serveOptions, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	l, err := openListeners(ctx, o)
	if err != nil {
		return err
	}
	token := o.token
	if token == "" && !isLoopback(l.tcp.Addr()) {
		token = rand.Text()
	}
	srv, visits, err := o.server(token, l)
	if err != nil {
		l.close()
		return usage("%w", err)
	}
	defer visits.Close()
	stopDemos, err := demos.Mount(srv, demos.Options{Names: o.demos, TimeScale: o.demoScale})
	if err != nil {
		l.close()
		return usage("%w", err)
	}
	defer stopDemos()
	url := l.scheme() + "://" + l.tcp.Addr().String()
	if o.jsonOutput {
		json.NewEncoder(stdout).Encode(scenarios.Ready{URL: url, Token: token, Roots: string(l.roots), PID: os.Getpid()})
	} else {
		fmt.Fprintf(stdout, "cometbench reference server on %s, HTTP/%s\n", url, strings.Join(o.http, ", "))
		for _, t := range reference.All() {
			fmt.Fprintf(stdout, "  %s/t/%s?channel=C\n", url, t.Name())
		}
		for _, t := range reference.ProtocolTechniques() {
			fmt.Fprintf(stdout, "  %s%s\n", url, t.Path)
		}
		if !o.noRecord {
			fmt.Fprintf(stdout, "open %s/self-test in any browser; %s/visits lists who did\n", url, url)
		}
		fmt.Fprintf(stdout, "  %s/demo/\n", url)
		for _, name := range o.demos {
			fmt.Fprintf(stdout, "  %s/demo/%s\n", url, name)
		}
		if l.roots != nil {
			fmt.Fprintln(stdout, "certificate: made for this run (curl needs -k), --json prints the authority")
		}
		if token != "" {
			fmt.Fprintf(stdout, "token: %s\n", token)
		}
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	done := l.serve(running, srv)
	select {
	case err := <-done: // before it was told to: the other listener, if any, ends with it
		l.close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	visits.Close() // before the origin that they measure
	grace, stop := context.WithTimeout(context.Background(), o.grace)
	defer stop()
	err = srv.Shutdown(grace)
	cancel()
	for range cap(done) {
		<-done
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil // being told to stop is how a server ends well
}

// config is what the flags say to the library, where 0 means a default: a flag
// of 0 is refused before.
func (o *serveOptions) config(token string) reference.Config {
	c := reference.Config{
		Window: o.window, Epoch: o.epoch, Peers: o.epoch != "", MaxSubscribers: o.subscribers, MaxChannels: o.channels, MaxMessageBytes: o.messageBytes,
		MaxLogBytes: o.logBytes, MaxPublishRate: o.publishRate, Workers: o.workers, WorkersQueue: o.queue, Delay: o.delay,
		HTTP: o.http, Token: token, Record: !o.noRecord,
		Extra: map[string]http.Handler{"/pages/": pages.Handler()},
	}
	if o.queue == 0 {
		c.WorkersQueue = -1 // none; the library's 0 is its default
	}
	return c
}

// check finds what contradicts itself.
func (o *serveOptions) check() error {
	for _, n := range []struct {
		flag         string
		value, least int64
	}{
		{"window", int64(o.window), 1}, {"max-subscribers", int64(o.subscribers), 1}, {"max-channels", int64(o.channels), 1},
		{"max-message", o.messageBytes, 1}, {"max-log", o.logBytes, 1}, {"max-publish-rate", int64(o.publishRate), 0},
		{"workers", int64(o.workers), 0}, {"workers-queue", int64(o.queue), 0}, {"max-visits", int64(o.visitsKept), 1},
	} {
		if n.value < n.least {
			return usage("--%s %d: want at least %d", n.flag, n.value, n.least)
		}
	}
	if o.visits == "" {
		return usage("--visits: want a directory")
	}
	if len(o.http) == 0 {
		return usage("--http: want some of %s", strings.Join(reference.HTTPVersions(), ", "))
	}
	for _, v := range o.http {
		if !slices.Contains(reference.HTTPVersions(), v) {
			return usage("--http %q: want some of %s", v, strings.Join(reference.HTTPVersions(), ", "))
		}
	}
	switch {
	case o.demoScale <= 0 || o.demoScale > 1:
		return usage("--demo-time-scale %v: want more than 0, and at most 1", o.demoScale)
	case o.delay < 0:
		return usage("--delay %s: want a duration of 0 or more, as 400ms", o.delay)
	case (o.certFile == "") != (o.key == ""):
		return usage("--cert and --key go together")
	case o.certFile != "" && !o.tls:
		return usage("--cert and --key need --tls")
	case slices.Contains(o.http, "3") && !o.tls:
		return usage("--http 3 needs --tls: HTTP/3 is always encrypted")
	}
	return nil
}

// listen opens a listener; a taken port is wrong input, and says what to do.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, usage("--listen %s: %w; choose another port, or 0 for a free one", addr, err)
	}
	return ln, nil
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

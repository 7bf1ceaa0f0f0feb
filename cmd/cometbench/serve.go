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
	"time"

	"github.com/spf13/cobra"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
)

// serveOptions are the flags of `serve`.
type serveOptions struct {
	listen, token string
	window        int
	noRecord      bool
	grace         time.Duration
	jsonOutput    bool
}

func serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference server",
		Long: `Serve runs the reference comet server until it is interrupted. Its index page
lists the techniques and tries each in your browser. Beyond loopback, publishing
and reading records need the token that it prints.`,
		Example: "  cometbench serve --listen 127.0.0.1:8080\n  curl -N 'http://127.0.0.1:8080/t/eventsource?channel=demo'\n  curl -d '\"hello\"' -H 'Content-Type: application/json' 'http://127.0.0.1:8080/publish?channel=demo'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.token, "token", "", "token for publishing and records (default: a random one, needed beyond loopback only)")
	f.IntVar(&o.window, "window", 1024, "messages kept per channel for those who come back")
	f.BoolVar(&o.noRecord, "no-record", false, "keep no record of what was sent and noticed (saves memory under load)")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "how long subscribers may take to leave at shutdown")
	f.BoolVar(&o.jsonOutput, "json", false, "print one JSON line with url and token when it listens")
	return cmd
}

func serve(ctx context.Context, o serveOptions, stdout, stderr io.Writer) error {
	if o.window < 1 {
		return usage("--window %d: want at least 1", o.window)
	}
	ln, err := listen(ctx, o.listen)
	if err != nil {
		return err
	}
	token := o.token
	open := isLoopback(ln.Addr())
	if token == "" && !open {
		token = rand.Text()
	}
	srv, err := reference.New(reference.Config{
		Window: o.window, Token: token, Record: !o.noRecord,
		Extra: map[string]http.Handler{"/pages/": pages.Handler()},
	})
	if err != nil {
		ln.Close()
		return usage("%w", err)
	}
	url := "http://" + ln.Addr().String()
	if o.jsonOutput {
		json.NewEncoder(stdout).Encode(scenarios.Ready{URL: url, Token: token, PID: os.Getpid()})
	} else {
		fmt.Fprintf(stdout, "cometbench reference server on %s\n", url)
		for _, t := range reference.All() {
			fmt.Fprintf(stdout, "  %s/t/%s?channel=C\n", url, t.Name())
		}
		if token != "" {
			fmt.Fprintf(stdout, "token: %s\n", token)
		}
	}
	done := make(chan error, 1)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() { done <- srv.Serve(running, ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.Background(), o.grace)
	defer stop()
	err = srv.Shutdown(grace)
	cancel()
	<-done
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil // being told to stop is how a server ends well
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

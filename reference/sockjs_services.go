package reference

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cometbench/cometbench/reference/sockjs"
)

const (
	sockjsPath    = "/sockjs/"
	sockjsHubPath = "/sockjs/hub"

	// sockjsResponseLimit is what the published suite wants of a server under
	// test; the protocol's own default is 128 KB.
	sockjsResponseLimit = 4096
)

// sockjsServices are the services below /sockjs/: those that the published
// suite asks for, and the hub's channels.
type sockjsServices struct {
	byPath map[string]http.Handler
	suite  []*sockjs.Service
	hub    *sockjs.Service
}

func (s *Server) newSockJS() (*sockjsServices, error) {
	limited := func(serve func(context.Context, *sockjs.Session)) func(*http.Request) (sockjs.Terms, error) {
		return func(*http.Request) (sockjs.Terms, error) {
			return sockjs.Terms{Serve: serve, ResponseLimit: sockjsResponseLimit}, nil
		}
	}
	all := &sockjsServices{byPath: make(map[string]http.Handler)}
	for path, c := range map[string]sockjs.Config{
		"echo":                    {Accept: limited(sockjs.Echo)},
		"close":                   {Accept: limited(sockjs.GoAway)},
		"disabled_websocket_echo": {Accept: limited(sockjs.Echo), NoWebSocket: true},
		"cookie_needed_echo":      {Accept: limited(sockjs.Echo), Cookie: true},
		"hub":                     {Accept: s.acceptSockJS, Watch: s.watchSockJS, Cookie: true},
	} {
		c.MaxSessions, c.MaxBody = s.cfg.MaxSubscribers, s.cfg.MaxMessageBytes
		service, err := sockjs.New(c)
		if err != nil {
			return nil, fmt.Errorf("make /sockjs/%s: %w", path, err)
		}
		all.byPath[path] = sockjs.At(sockjsPath+path, service)
		if path == "hub" {
			all.hub = service
		} else {
			all.suite = append(all.suite, service)
		}
	}
	return all, nil
}

func (a *sockjsServices) serve(w http.ResponseWriter, r *http.Request) {
	if h := a.byPath[firstPart(r.URL.Path[len(sockjsPath):])]; h != nil {
		h.ServeHTTP(w, r)
		return
	}
	fail(w, http.StatusNotFound, "no such SockJS service, want echo, close, disabled_websocket_echo, cookie_needed_echo or hub")
}

// firstPart is what comes before the first slash.
func firstPart(path string) string {
	for i := range len(path) {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return path
}

// shutdown ends all sessions. Those of the hub are left to say why they end;
// idle is closed when they did.
func (a *sockjsServices) shutdown(ctx context.Context, idle <-chan struct{}) error {
	var errs []error
	for _, service := range a.suite {
		errs = append(errs, service.Shutdown(ctx))
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
	return errors.Join(append(errs, a.hub.Shutdown(ctx))...)
}

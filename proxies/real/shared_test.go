package real_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// shared are the instances that tests of mere traffic share, since a start can
// take a second of processor time, and their origin, where each test has a path
// of its own.
var shared struct {
	sync.Mutex
	server   *httptest.Server
	handlers map[string]http.Handler
	running  map[string]*sharedInstance
}

type sharedInstance struct {
	once sync.Once
	in   proxies.Instance
	err  error
}

// page puts h on the shared origin and returns its URL.
func page(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	u := *sharedOrigin()
	u.Path = "/" + strconv.Itoa(len(shared.handlers))
	shared.handlers[u.Path] = h
	return &u
}

// sharedOrigin starts the origin if it does not run. shared is locked.
func sharedOrigin() *url.URL {
	if shared.server == nil {
		shared.handlers = map[string]http.Handler{}
		shared.running = map[string]*sharedInstance{}
		shared.server = serve(func(w http.ResponseWriter, r *http.Request) {
			shared.Lock()
			h := shared.handlers[r.URL.Path]
			shared.Unlock()
			if h == nil { // squid asks an origin that it knows for a digest of its cache
				h = http.NotFoundHandler()
			}
			h.ServeHTTP(w, r)
		})
	}
	u, err := url.Parse(shared.server.URL)
	if err != nil {
		panic(err)
	}
	return u
}

// kept returns p's shared instance in the mode.
func kept(t *testing.T, p proxies.Proxy, mode proxies.Mode) *real.Instance {
	t.Helper()
	shared.Lock()
	to, key := sharedOrigin(), p.Name()+" "+string(mode)
	s := shared.running[key]
	if s == nil {
		s = new(sharedInstance)
		shared.running[key] = s
	}
	shared.Unlock()
	s.once.Do(func() { s.in, s.err = p.Start(context.Background(), proxies.Env{Origin: to, Mode: mode}) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.in.(*real.Instance)
}

// suite stops what the tests have shared when they have run.
type suite struct{ *testing.M }

func (s suite) Run() int {
	code := s.M.Run()
	var failed []error
	for _, s := range shared.running {
		if s.in != nil {
			failed = append(failed, s.in.Close())
		}
	}
	if shared.server != nil {
		shared.server.Close()
	}
	if err := errors.Join(failed...); err != nil {
		println(strings.TrimSpace(err.Error()))
		return max(code, 1)
	}
	return code
}

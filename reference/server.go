package reference

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/reference/bayeux"
)

// Server is the reference server: a hub, and the HTTP paths of WIRE.md.
type Server struct {
	cfg        Config
	hub        *Hub
	record     *record // nil when none is kept
	techniques map[string]Technique
	mounted    map[string]http.Handler // by Mount
	started    time.Time

	workers     *workers // nil without a limit
	completions completions
	bayeux      *bayeux.Server
	sockjs      *sockjsServices

	http     *http.Server
	stop     context.CancelFunc // breaks off what a shutdown could not wait for
	draining chan struct{}      // closed when a shutdown begins
	drain    sync.Once
	quic     quicListeners

	accepted atomic.Int64 // connections so far; numbers them
	open     atomic.Int64 // connections that net/http holds now
}

// New makes a server. It fails on a Config that contradicts itself.
func New(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: c, techniques: make(map[string]Technique), mounted: make(map[string]http.Handler),
		started: c.Now(), draining: make(chan struct{}),
	}
	for _, t := range All() {
		s.techniques[t.Name()] = t
	}
	if c.Record {
		s.record = newRecord(defaultRecordBounds)
	}
	s.hub = newHub(c.Log, s.record, c)
	if s.bayeux, err = s.newBayeux(); err != nil {
		return nil, err
	}
	s.workers = newWorkers(c)
	if s.sockjs, err = s.newSockJS(); err != nil {
		return nil, err
	}
	s.http, s.stop = s.newHTTPServer()
	return s, nil
}

// Hub is what the server publishes to and subscribes from.
func (s *Server) Hub() *Hub { return s.hub }

// Handler serves all paths of the server. Connections are numbered in the
// record only under Serve.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	own := strings.HasPrefix(path, sockjsPath) // what it says to other origins is the protocol's
	if !s.answersVersion(w, r) || !own && !s.namesOrigins(path) && crossOrigin(w, r) {
		return
	}
	if !outsideWorkers(path) {
		leave, err := s.workers.enter(r.Context(), s.draining)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			fail(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		defer leave()
	}
	switch {
	case path == "/":
		s.serveIndex(w, r)
	case path == "/healthz":
		s.serveHealth(w, r)
	case path == "/metrics":
		s.guard(w, r, s.serveMetrics)
	case path == "/publish":
		s.guard(w, r, s.servePublish)
	case strings.HasPrefix(path, "/record/"):
		s.guard(w, r, s.serveRecord)
	case strings.HasPrefix(path, "/t/"):
		s.serveSubscribe(w, r, strings.TrimPrefix(path, "/t/"))
	case isBayeux(path):
		s.bayeux.ServeHTTP(w, r)
	case own:
		s.sockjs.serve(w, r)
	case path == sinkPath:
		s.serveSink(w, r)
	case path == completionsPath:
		s.serveCompletions(w, r)
	default:
		s.serveExtra(w, r)
	}
}

// serveExtra finds the longest mounted path.
func (s *Server) serveExtra(w http.ResponseWriter, r *http.Request) {
	best := ""
	for path := range s.cfg.Extra {
		below := strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
		if (path == r.URL.Path || below) && len(path) > len(best) {
			best = path
		}
	}
	mounted := s.mountedAt(r.URL.Path)
	switch {
	case len(mounted) > len(best):
		s.mounted[mounted].ServeHTTP(w, r)
	case best == "":
		fail(w, http.StatusNotFound, "no such path, / lists what is here")
	case best == "/visits" || strings.HasPrefix(best, "/visits/"):
		s.guard(w, r, s.cfg.Extra[best].ServeHTTP)
	default:
		s.cfg.Extra[best].ServeHTTP(w, r)
	}
}

// fail answers with one line of text.
func fail(w http.ResponseWriter, status int, line string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // the peer may be gone
}

// allowMethods answers 405 and returns false when the method is none of
// methods.
func allowMethods(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	fail(w, http.StatusMethodNotAllowed, "want "+strings.Join(methods, " or "))
	return false
}

// query parses the query strictly: what net/http would leave out silently is
// an error.
func query(r *http.Request) (url.Values, error) { return url.ParseQuery(r.URL.RawQuery) }

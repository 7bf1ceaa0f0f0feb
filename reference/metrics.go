package reference

import (
	"fmt"
	"net/http"
	"runtime"
)

// serveHealth answers /healthz: 200 while the server takes subscriptions.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	select {
	case <-s.draining:
		fail(w, http.StatusServiceUnavailable, "shutting down")
	default:
		fail(w, http.StatusOK, "ok")
	}
}

// serveMetrics answers /metrics in the Prometheus text format.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodGet) {
		return
	}
	subscribers, channels := s.hub.count()
	slots, busy, waiting := s.workers.count()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, m := range []struct {
		name, kind, help string
		value            int64
	}{
		{"subscribers", "gauge", "Subscriptions being served, held polls included.", int64(subscribers)},
		{"channels", "gauge", "Channels that have subscribers.", int64(channels)},
		{"messages_total", "counter", "Messages published.", s.hub.published.Load()},
		{"completions", "gauge", "Completions that the stand-in model writes.", s.completions.open.Load()},
		{"bayeux_sessions", "gauge", "Bayeux sessions, those of clients inside the process included.", int64(s.bayeux.Sessions())},
		{"workers", "gauge", "Requests that may be served at once; 0 is no limit.", slots},
		{"workers_busy", "gauge", "Workers in use, held responses included.", busy},
		{"workers_waiting", "gauge", "Requests that wait for a worker.", waiting},
		{"connections", "gauge", "Connections open, except those that became sockets.", s.open.Load()},
		{"connections_total", "counter", "Connections accepted.", s.accepted.Load()},
		{"goroutines", "gauge", "Goroutines of the process.", int64(runtime.NumGoroutine())},
		{"start_time_seconds", "gauge", "When the server was made, Unix time.", s.started.Unix()},
	} {
		fmt.Fprintf(w, "# HELP cometbench_%[1]s %[2]s\n# TYPE cometbench_%[1]s %[3]s\ncometbench_%[1]s %[4]d\n", m.name, m.help, m.kind, m.value)
	}
}

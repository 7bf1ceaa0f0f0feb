package proxies

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func upgradeFault() Fault {
	return Fault{
		Name:   "upgrade",
		Means:  "Requests to switch protocols (websockets) are refused, stripped, or break after they seemed to work.",
		Source: "nginx without proxy_set_header Upgrade, squid http_upgrade_request_protocols (strip); phoenixframework/phoenix#6766 (kill); sockjs/sockjs-client#238 (mute)",
		Provokes: []Provoke{
			{"upgrade-refused", "upgrade(mode=refuse)"},
			{"upgrade-stripped", "upgrade(mode=strip)"},
			{"upgrade-mute", "upgrade(mode=mute)"},
			{"upgrade-killed", "upgrade(mode=kill)"},
			{"upgrade-one-way", "upgrade(mode=one-way)"},
		},
		Params: []Param{
			{Name: "mode", Type: Word, Words: []string{"refuse", "strip", "mute", "kill", "one-way", "delay"}, Default: "refuse", Main: true, Means: "refuse: answered by the proxy; strip: the origin sees a plain request; mute: 101 passes, then nothing either way; kill: 101 passes, then the connection ends; one-way: one direction is lost; delay: each frame, once it is whole, is late"},
			{Name: "status", Type: Count, Default: "403", Means: "of the refusal"},
			{Name: "after", Type: Duration, Time: Wire, Default: "200ms", Means: "from the 101 to the kill"},
			{Name: "end", Type: Word, Words: []string{endFin, endRst}, Default: endFin, Means: "what the client sees of the kill"},
			{Name: "by", Type: Duration, Time: Wire, Default: "500ms", Means: "how late delay makes each frame, either way"},
			{Name: "lost", Type: Word, Words: []string{"from-origin", "from-client"}, Default: "from-origin", Means: "which direction one-way loses"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			status, err := statusOf(a)
			if err != nil {
				return Hooks{}, err
			}
			switch a.Text("mode") {
			case "refuse":
				return Hooks{Request: func(r *http.Request) *http.Response {
					if upgradeOf(r.Header) == "" {
						return nil
					}
					return ownAnswer(r, status, "upgrade refused")
				}}, nil
			case "strip":
				return Hooks{Upstream: stripUpgrade}, nil
			case "mute":
				return onSwitch(func(s io.ReadWriteCloser) io.ReadWriteCloser { return &lossyStream{s, true, true} }), nil
			case "kill":
				after, rst := a.Duration("after"), a.Text("end") == endRst
				return onSwitch(func(s io.ReadWriteCloser) io.ReadWriteCloser { return killLater(s, after, rst) }), nil
			case "delay":
				if a.Duration("by") > maxLatency {
					return Hooks{}, errors.New("more than a minute is no delay")
				}
				return delayUpgraded(a.Duration("by")), nil
			case "one-way":
				fromOrigin := a.Text("lost") == "from-origin"
				return onSwitch(func(s io.ReadWriteCloser) io.ReadWriteCloser { return &lossyStream{s, fromOrigin, !fromOrigin} }), nil
			}
			return Hooks{}, errors.New("unknown mode")
		},
	}
}

func stripUpgrade(next http.RoundTripper) http.RoundTripper {
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		if upgradeOf(r.Header) != "" {
			r = r.Clone(r.Context())
			r.Header.Del("Upgrade")
			r.Header.Del("Connection")
		}
		return next.RoundTrip(r)
	})
}

// onSwitch wraps the origin's side of an upgraded connection.
func onSwitch(wrap func(io.ReadWriteCloser) io.ReadWriteCloser) Hooks {
	return Hooks{Response: func(resp *http.Response) error {
		if s, ok := resp.Body.(io.ReadWriteCloser); ok && resp.StatusCode == http.StatusSwitchingProtocols {
			resp.Body = wrap(s)
		}
		return nil
	}}
}

// lossyStream swallows one or both directions; ends still pass.
type lossyStream struct {
	io.ReadWriteCloser
	fromOrigin, fromClient bool
}

func (s *lossyStream) Read(p []byte) (int, error) {
	if s.fromOrigin {
		return discard(s.ReadWriteCloser)
	}
	return s.ReadWriteCloser.Read(p)
}

func (s *lossyStream) Write(p []byte) (int, error) {
	if s.fromClient {
		return len(p), nil
	}
	return s.ReadWriteCloser.Write(p)
}

func (s *lossyStream) CloseWrite() error { return closeWriteStream(s.ReadWriteCloser) }

// killedStream closes itself after a time.
type killedStream struct {
	io.ReadWriteCloser
	timer *time.Timer
	rst   bool
	dead  atomic.Bool
	once  sync.Once
}

func killLater(s io.ReadWriteCloser, after time.Duration, rst bool) *killedStream {
	k := &killedStream{ReadWriteCloser: s, rst: rst}
	k.timer = time.AfterFunc(after, func() {
		k.dead.Store(true)
		_ = k.closeOnce()
	})
	return k
}

func (k *killedStream) Read(p []byte) (int, error) {
	n, err := k.ReadWriteCloser.Read(p)
	if err != nil && k.dead.Load() && k.rst {
		err = syscall.ECONNRESET // the relay passes it on as a reset
	}
	return n, err
}

func (k *killedStream) Close() error {
	k.timer.Stop()
	return k.closeOnce()
}

func (k *killedStream) closeOnce() (err error) {
	k.once.Do(func() { err = k.ReadWriteCloser.Close() })
	return err
}

func (k *killedStream) CloseWrite() error { return closeWriteStream(k.ReadWriteCloser) }

func closeWriteStream(s io.Closer) error {
	if w, ok := s.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

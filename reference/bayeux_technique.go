package reference

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cometbench/cometbench/reference/bayeux"
)

// bayeuxTechnique is Bayeux 1.0 over one of its transports. Its endpoint below
// /t/ is that of /bayeux, but for what the options say: how long a connect is
// held (hold, and heartbeat for a socket), when a socket is recycled.
type bayeuxTechnique struct{ transport string }

func (t bayeuxTechnique) Name() string { return "bayeux-" + t.transport }

func (t bayeuxTechnique) Info() Info {
	info := Info{
		Class: Held, Family: "bayeux", Methods: []string{http.MethodPost}, HTTP: HTTPVersions(), Upstream: true,
		Summary: "Sessions of Bayeux 1.0; requests held until there is something to deliver.",
	}
	switch t.transport {
	case bayeux.CallbackPolling:
		info.Methods = []string{http.MethodGet}
		info.Summary = "Sessions of Bayeux 1.0; scripts from anywhere, held until there is something to deliver."
	case bayeux.WebSocket:
		info.Class, info.Methods, info.HTTP, info.NotOver = Socket, []string{http.MethodGet, http.MethodPost}, []string{"1.1"}, websocketNotOver()
		info.Summary = "Sessions of Bayeux 1.0 in a websocket."
	}
	return info
}

// Frame implements Technique.
func (bayeuxTechnique) Frame(*http.Request, *Subscription) (Framer, error) { return nil, errNoFramer }

// Words implements SessionTechnique.
func (bayeuxTechnique) Words() []string { return []string{"message", "jsonp"} }

// ServeSession implements SessionTechnique.
func (t bayeuxTechnique) ServeSession(s *Server, w http.ResponseWriter, r *http.Request, sub *Subscription) error {
	o := bayeux.Options{
		Observer: &sessionObserver{server: s, sub: sub, socket: t.transport == bayeux.WebSocket}, Transports: []string{t.transport}, EndsWithFeed: true,
		Timeout: forEver(sub.Params.Hold), RecycleBytes: sub.Params.RecycleBytes, RecycleAfter: sub.Params.RecycleAfter,
	}
	if t.transport == bayeux.WebSocket {
		o.Timeout = forEver(sub.Params.Heartbeat)
		if r.Method == http.MethodPost { // clients may shake hands by a poll before the socket: that is no subscription yet
			o.Observer = nil
			s.bayeux.ServeWith(w, r, o)
			return nil
		}
		var no *SocketRefusal
		if err := (webSocket{}).Opens(r); errors.As(err, &no) {
			for k, v := range no.Header {
				w.Header()[k] = v
			}
			return refuse(no.Status, err)
		}
	}
	s.bayeux.ServeWith(w, r, o)
	return nil
}

// forEver turns the options' 0, which is no limit, into Bayeux's.
func forEver(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// sessionObserver writes down what becomes of one request of a session, or of
// one socket.
type sessionObserver struct {
	server   *Server
	sub      *Subscription
	socket   bool
	accepted bool
}

// Heard implements bayeux.Observer.
func (o *sessionObserver) Heard(frame []byte) {
	sum := newFrameSum()
	sum.Write(frame)
	o.sub.heard(len(frame), frameSum(sum))
}

// Accepted implements bayeux.Observer. A socket is one subscription, however
// many connects go over it.
func (o *sessionObserver) Accepted() {
	if o.accepted {
		return
	}
	o.accepted = true
	status := http.StatusOK
	if o.socket {
		status = http.StatusSwitchingProtocols
	}
	o.sub.Number = o.server.record.number(o.sub.Channel)
	o.sub.accepted(status)
}

// Refused implements bayeux.Observer.
func (o *sessionObserver) Refused(err *bayeux.Error) {
	if !o.accepted {
		o.sub.Number = o.server.record.number(o.sub.Channel)
	}
	o.sub.refused(err.Code, err)
}

// Heartbeat implements bayeux.Observer.
func (o *sessionObserver) Heartbeat(bytes int) { o.sub.said(Control{Kind: ControlHeartbeat}, bytes) }

// Answered implements bayeux.Observer.
func (o *sessionObserver) Answered(reason string) { o.sub.ended(reason) }

// Gone implements bayeux.Observer.
func (o *sessionObserver) Gone(how error) { o.sub.aborted(fmt.Sprintf("context: %v", how)) }

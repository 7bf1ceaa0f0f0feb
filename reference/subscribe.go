package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cometbench/cometbench/internal/nearest"
)

const (
	maxChannelName = 256              // bytes
	bodyAllowed    = 30 * time.Second // for the body of a subscribe request to arrive
)

var errChannel = fmt.Errorf("want channel=NAME, at most %d bytes of UTF-8", maxChannelName)

// refusal is an answer to a subscribe request that is not a subscription.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

func refuse(status int, err error) error { return &refusal{status, err} }

// serveSubscribe answers /t/TECHNIQUE.
func (s *Server) serveSubscribe(w http.ResponseWriter, r *http.Request, name string) {
	t, ok := s.techniqueAt(name)
	if !ok {
		line := fmt.Sprintf("technique %.40q is unknown", name)
		if near, ok := nearest.Name(name, techniqueNames()); ok {
			line += ", did you mean " + near
		}
		fail(w, http.StatusNotFound, line)
		return
	}
	// The channel is looked for first, so that a refusal is in its record.
	q, err := query(r)
	channel, cerr := channelOf(q)
	sub := &Subscription{
		Channel: channel, Technique: t.Name(), Conn: connNumber(r), hub: s.hub, class: t.Info().Class,
		peer: newPeer(r, t.Name(), q.Get("nonce")),
	}
	session, isSession := t.(SessionTechnique)
	switch {
	case err != nil:
		s.refuse(w, sub, refuse(http.StatusBadRequest, fmt.Errorf("query: %w", err)))
	case cerr != nil:
		s.refuse(w, sub, refuse(http.StatusBadRequest, cerr))
	case s.mountedAt(channel) != "":
		fail(w, http.StatusForbidden, errOwned.Error()) // and its record stays the application's
	case isSession:
		if err := s.session(w, r, session, sub, q); err != nil {
			s.refuse(w, sub, err)
		}
	default:
		sub.Number = s.record.number(channel)
		if err := s.subscribe(w, r, t, sub, q); err != nil {
			s.refuse(w, sub, err)
		}
	}
}

// subscribe serves the subscription, or returns a refusal before anything was
// answered.
func (s *Server) subscribe(w http.ResponseWriter, r *http.Request, t Technique, sub *Subscription, q url.Values) error {
	if err := allowed(w, r, t); err != nil {
		return err
	}
	params, err := ParseParams(q)
	if err != nil {
		return refuse(http.StatusBadRequest, err)
	}
	sub.Params = params
	if params.Status != 0 {
		return refuse(params.Status, errors.New("this status was asked for"))
	}
	if err := tune(r, &params); err != nil {
		return refuse(http.StatusNotImplemented, err)
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		if _, _, err := parsePosition(id); err != nil {
			return refuse(http.StatusBadRequest, fmt.Errorf("Last-Event-ID %.40q: %w", id, err))
		}
		sub.Params.After = id
	}
	socket, isSocket := t.(SocketTechnique)
	if !isSocket { // what follows the head of a socket's request is the socket
		if sub.RequestBytes, err = s.readBody(w, r, io.Discard); err != nil {
			return err
		}
	}
	f, err := t.Frame(r, sub)
	if err != nil {
		return refuse(http.StatusBadRequest, err)
	}
	if params.Echo {
		sub.echo(w, r)
	}
	if s.failAsAsked(w, sub) {
		return nil
	}
	leave, err := s.hub.subscribe(sub)
	switch {
	case errors.Is(err, ErrTerminated) && t.Name() == "eventsource":
		return refuse(http.StatusNoContent, err) // what makes a browser stop asking
	case errors.Is(err, ErrTerminated):
		return refuse(http.StatusGone, err)
	case errors.Is(err, ErrClosed) && t.Name() == "eventsource":
		sub.comeBack(w, f)
		return nil
	case err != nil:
		w.Header().Set("Retry-After", "1")
		return refuse(http.StatusServiceUnavailable, err)
	}
	defer leave()
	if isSocket {
		socket.ServeSocket(w, r, sub)
	} else {
		s.cfg.Engine.Attach(w, r, sub, f)
	}
	return nil
}

// allowed checks the method and, for sockets, that one was asked for.
func allowed(w http.ResponseWriter, r *http.Request, t Technique) error {
	if err := allowedMethod(w, r, t); err != nil {
		return err
	}
	socket, ok := t.(SocketTechnique)
	if !ok {
		return nil
	}
	err := socket.Opens(r)
	var no *SocketRefusal
	if errors.As(err, &no) {
		for k, v := range no.Header {
			w.Header()[k] = v
		}
		return refuse(no.Status, err)
	}
	return err
}

func allowedMethod(w http.ResponseWriter, r *http.Request, t Technique) error {
	info := t.Info()
	if slices.Contains(info.Methods, r.Method) {
		return nil
	}
	for _, m := range info.Methods {
		w.Header().Add("Allow", m)
	}
	return refuse(http.StatusMethodNotAllowed, fmt.Errorf("%s wants %v over HTTP/%s", t.Name(), info.Methods, strings.Join(info.HTTP, ", ")))
}

// refuse answers and writes down a request that did not become a subscription.
func (s *Server) refuse(w http.ResponseWriter, sub *Subscription, err error) {
	status := http.StatusBadRequest
	var r *refusal
	if errors.As(err, &r) {
		status = r.status
	}
	sub.refused(status, err)
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	fail(w, status, err.Error())
}

// readBody reads the request's body to its end: only then does net/http notice
// that a silent peer left. Errors are refusals.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, into io.Writer) (int64, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return 0, nil
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyAllowed)) // a reader without deadlines does not block
	n, err := io.Copy(into, http.MaxBytesReader(w, r.Body, s.cfg.MaxMessageBytes))
	if err == nil { // otherwise net/http would wait for the rest before it answers
		_ = rc.SetReadDeadline(time.Time{})
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return n, refuse(http.StatusRequestEntityTooLarge, fmt.Errorf("body is longer than %d bytes", tooLarge.Limit))
	}
	if err != nil {
		return n, refuse(http.StatusBadRequest, fmt.Errorf("read body: %w", err))
	}
	return n, nil
}

// channelOf finds the channel's name. Any character is allowed; framings
// escape it.
func channelOf(q url.Values) (string, error) {
	names := q["channel"]
	if len(names) != 1 || names[0] == "" || len(names[0]) > maxChannelName || !utf8.ValidString(names[0]) {
		return "", errChannel
	}
	return names[0], nil
}

func techniqueNames() []string {
	var names []string
	for _, t := range All() {
		names = append(names, t.Name())
	}
	return names
}

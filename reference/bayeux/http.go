package bayeux

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	bodyAllowed   = 30 * time.Second // for a request's body to arrive
	answerAllowed = 30 * time.Second // for an answer to be taken
)

// ServeHTTP serves the endpoint and every path below it: clients append the
// name of the meta channel to the URL, and those that do not are served alike.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.ServeWith(w, r, Options{}) }

// ServeWith serves a request as o says. It returns when the answer is written
// or, for a socket, when it is closed.
func (s *Server) ServeWith(w http.ResponseWriter, r *http.Request, o Options) {
	if crossOrigin(w, r) {
		return
	}
	switch {
	case wantsSocket(r):
		s.serveSocket(w, r, o)
	case r.Method == http.MethodPost:
		s.servePost(w, r, o)
	case r.Method == http.MethodGet && r.URL.Query().Has("message"):
		s.serveCallback(w, r, o)
	case r.Method == http.MethodGet:
		say(w, http.StatusBadRequest, "want Bayeux messages: by POST, as message= with a callback, or in a websocket")
	default:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		say(w, http.StatusMethodNotAllowed, "want GET or POST")
	}
}

// crossOrigin lets pages of any origin take part, with their cookies: who asks
// with credentials must be named, a star would not do. It answers preflight
// requests and then returns true.
func crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// say answers with one line of text.
func say(w http.ResponseWriter, status int, line string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // the peer may be gone
}

// servePost is the transport long-polling.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, o Options) {
	received := time.Now()
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(received.Add(bodyAllowed)) // a reader without deadlines does not block
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxMessageBytes))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		say(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	if err != nil {
		say(w, http.StatusBadRequest, "read body: "+err.Error())
		return
	}
	_ = rc.SetReadDeadline(time.Time{}) // from here on a read notices that the peer left
	texts := []string{string(body)}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			say(w, http.StatusBadRequest, "form: "+err.Error())
			return
		}
		texts = form["message"]
	}
	all, err := parseTexts(texts)
	if err != nil {
		say(w, http.StatusBadRequest, err.Error())
		return
	}
	x := &exchange{Server: s, options: o, transport: LongPolling, manyAtOnce: r.ProtoMajor > 1, received: received}
	x.answer(w, r, all, "application/json;charset=UTF-8", func(body []byte) []byte { return body })
}

// parseTexts reads the messages of one or many values, each an object or an
// array.
func parseTexts(texts []string) ([]message, error) {
	var all []message
	for _, text := range texts {
		some, err := parseMessages([]byte(text))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 || len(all) > maxBatch {
		return nil, errSyntax
	}
	return all, nil
}

// answer works on the messages of a request, waits if they ask for it, and
// writes what wrap makes of the replies and deliveries.
func (x *exchange) answer(w http.ResponseWriter, r *http.Request, all []message, contentType string, wrap func([]byte) []byte) {
	known := browserOf(r)
	if x.browser = known; known == "" {
		x.browser = newBrowser()
	}
	x.process(all)
	defer x.done()
	ss := x.session
	if known == "" && ss != nil && all[0].text("channel") == "/meta/handshake" {
		setBrowser(w, r, x.browser)
	}
	var body []byte
	var ds []*Delivery
	switch {
	case x.connect != nil:
		ss.leave() // its own connect is to wake
		r, held, how := x.hold(r.Context())
		defer ss.connected(x.connect.interval)
		ss.enter()
		switch {
		case how == errReplaced:
			// As CometD: whatever is still there is no answer to the client's
			// newer connect, and a transport failure is what it understands.
			x.options.refused(&Error{Code: 500, Text: "connect_replaced"})
			say(w, http.StatusInternalServerError, "another connect has taken the place of this one")
			return
		case how != nil:
			x.options.gone(how)
			return
		}
		ds = held
		body = x.body(ds, append(x.replies, r), true)
	case ss != nil && x.transport == CallbackPolling:
		ss.release() // scripts run in the order of their elements: the held one is in the way
		body = x.body(nil, x.replies, false)
	case ss != nil && !ss.acks:
		ds, _ = ss.take()
		body = x.body(ds, x.replies, false)
	default:
		body = x.body(nil, x.replies, false)
	}
	if x.accepted > 0 { // before the peer can know
		x.options.answered("answered")
	}
	if err := write(w, contentType, wrap(body)); err != nil {
		x.options.gone(err)
		panic(http.ErrAbortHandler) // no clean end for what was not written
	}
	told(ds)
}

// body is the array of messages. What is delivered stands before the reply to
// a connect, which lets the client act on it, and behind other replies.
func (x *exchange) body(ds []*Delivery, replies []reply, connect bool) []byte {
	b := []byte{'['}
	add := func(one func([]byte) []byte) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = one(b)
	}
	deliver := func() {
		for _, d := range ds {
			add(func(b []byte) []byte { return append(b, d.line...) })
		}
	}
	if connect {
		deliver()
	}
	for i := range replies {
		add(replies[i].encode)
	}
	if !connect {
		deliver()
	}
	return append(b, ']')
}

func write(w http.ResponseWriter, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(answerAllowed)) // a writer without deadlines does not block
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// wantsSocket reports whether a request asks for a websocket.
func wantsSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

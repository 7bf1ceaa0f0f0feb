package tennis

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

const (
	recycleAfter = 30 * time.Second // when a page renews its iframe
	streamLimit  = 90 * time.Second // when the server ends a stream that was not renewed
	maxMessage   = 4096             // bytes
)

// Comet is the server under the game.
type Comet struct {
	stage   *stage.Stage
	clients *clients
	chain   []Handler // in the order in which they are asked
}

//go:embed client.js
var clientScript []byte

// serveMessage answers serverComet.message: init=1 makes a client and answers
// the script of the page's side; anything else is a message of a client.
func (s *Comet) serveMessage(w http.ResponseWriter, r *http.Request) {
	if !stage.Allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4*maxMessage)
	if err := r.ParseForm(); err != nil {
		stage.Fail(w, http.StatusBadRequest, "read form: "+err.Error())
		return
	}
	if r.Form.Get("init") == "1" {
		s.init(w)
		return
	}
	c := s.clients.client(r.Form.Get("clientId"))
	text := r.Form.Get("message")
	switch {
	case c == nil:
		stage.Fail(w, http.StatusGone, "no such client; it was away for longer than a heartbeat")
	case r.Form.Get("streamId") == "" || len(text) > maxMessage:
		stage.Fail(w, http.StatusBadRequest, fmt.Sprintf("want streamId, and a message of at most %d bytes", maxMessage))
	default:
		m, err := parse(text)
		if err != nil {
			stage.Fail(w, http.StatusBadRequest, err.Error())
			return
		}
		answer := map[string]string{}
		if err := pass(s.chain, c, m); err != nil {
			answer["error"] = err.Error()
		}
		stage.Answer(w, answer)
	}
}

// init makes a client and tells its page who it is.
func (s *Comet) init(w http.ResponseWriter) {
	c, err := s.clients.open()
	if err != nil {
		stage.Fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	settings, err := json.Marshal(map[string]any{
		"clientId": c.id, "name": c.Name, "path": s.stage.Path, "recycle": s.stage.Time(recycleAfter).Milliseconds(),
		"quiet": s.stage.Time(5 * heartbeat / 2).Milliseconds(), "retry": s.stage.Time(time.Second).Milliseconds(),
	})
	if err != nil {
		stage.Fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(clientScript) // the page may be gone
	_, _ = fmt.Fprintf(w, "serverComet.start(%s);\n", settings)
}

// serveStream answers serverComet.stream with what there is behind the message
// number after.
func (s *Comet) serveStream(w http.ResponseWriter, r *http.Request) {
	if !stage.Allow(w, r, http.MethodGet) {
		return
	}
	q := r.URL.Query()
	after, err := strconv.ParseUint("0"+q.Get("after"), 10, 32)
	stream, idErr := strconv.ParseUint(q.Get("streamId"), 10, 32)
	if err != nil || idErr != nil {
		stage.Fail(w, http.StatusBadRequest, "want numbers: streamId, and after if there was a message")
		return
	}
	c := s.clients.client(q.Get("clientId"))
	if c == nil {
		head := framer{}.Head()
		for name, values := range head.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(http.StatusGone)
		_, _ = w.Write(reference.AppendScript(nil, "serverComet.gone"))
		return
	}
	p := reference.DefaultParams()
	p.After, p.Nonce = s.stage.Server.Hub().Position(after), q.Get("nonce")
	p.Heartbeat, p.RecycleAfter, p.RecycleBytes = s.stage.Time(heartbeat), s.stage.Time(streamLimit), 0
	sub := reference.NewSubscription(c.channel, "tennis", p)
	sub.OnEnd = func(reference.Ending) { c.detach(sub) }
	c.attach(sub)
	if err := s.stage.Server.Carry(w, r, reference.Stream, sub, framer{stream}); err != nil {
		c.detach(sub)
	}
}

// framer writes the messages of one stream as calls of the page's side.
type framer struct{ stream uint64 }

func (framer) Head() reference.Head {
	return reference.Head{Status: http.StatusOK, Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
	}}
}

func (f framer) number() []byte { return strconv.AppendUint(nil, f.stream, 10) }

func (f framer) Open(dst []byte, _ reference.Control) []byte {
	return reference.AppendScript(dst, "serverComet.opened", f.number())
}

func (framer) Message(dst []byte, m *reference.Message) []byte {
	return reference.AppendScript(dst, "serverComet.receive", strconv.AppendUint(nil, m.Seq, 10), m.Data)
}

func (f framer) Control(dst []byte, c reference.Control) []byte {
	if c.Kind == reference.ControlGap {
		return reference.AppendScript(dst, "serverComet.lost", c.AppendJSON(nil))
	}
	return reference.AppendScript(dst, "serverComet.alive", f.number())
}

func (f framer) Close(dst []byte, _ reference.Control) []byte {
	return reference.AppendScript(dst, "serverComet.ended", f.number())
}

func (framer) SharingKey() string { return "" }

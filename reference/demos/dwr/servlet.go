package dwr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

// maxForm bounds a request's body.
const maxForm = 64 << 10

// Remote answers a call that a page makes. args is a JSON array; the reply is
// anything that JSON has. The error is shown to the page's user.
type Remote func(s *Session, args []json.RawMessage) (reply any, err error)

// Servlet answers the requests of pages below /call/.
type Servlet struct {
	stage    *stage.Stage
	sessions *Sessions
	remotes  map[string]Remote // by Script.method
	loaded   func(*Session)    // called for each page that was loaded
}

var word = regexp.MustCompile(`^[A-Za-z0-9_-]{1,160}$`)

// Poll is where pages wait for calls: POST /call/plainpoll/ReverseAjax.dwr.
func (v *Servlet) Poll(w http.ResponseWriter, r *http.Request) {
	s, f, ok := v.request(w, r)
	if !ok {
		return
	}
	c := s.Config
	p, class := reference.DefaultParams(), reference.Stream
	p.Heartbeat, p.RecycleAfter = v.stage.Time(c.Heartbeat), v.stage.Time(c.ConnectedTime)
	switch {
	case c.Mode == Piggyback:
		stage.Fail(w, http.StatusForbidden, "reverse Ajax is passive here: calls ride on replies")
		return
	case c.Mode == Polling:
		class = reference.Poll
	case c.MaxWaitAfterWrite >= 0:
		p.CloseAfter = v.stage.Time(c.MaxWaitAfterWrite)
	}
	f.disconnected = v.stage.Time(c.DisconnectedTime)
	v.carry(w, r, s, class, p, f)
}

// Call is where pages call the server: POST /call/plaincall/Script.method.dwr.
func (v *Servlet) Call(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("name"), ".dwr")
	if name == "__System.pageLoaded" {
		v.load(w, r)
		return
	}
	s, f, ok := v.request(w, r)
	if !ok {
		return
	}
	remote := v.remotes[name]
	var args []json.RawMessage
	err := json.Unmarshal([]byte(r.PostForm.Get("args")), &args)
	switch {
	case name == "__System.pageUnloaded":
		s.Close()
		remote = func(*Session, []json.RawMessage) (any, error) { return true, nil }
	case remote == nil:
		stage.Fail(w, http.StatusNotFound, fmt.Sprintf("nobody answers %.80q", name))
		return
	case err != nil:
		stage.Fail(w, http.StatusBadRequest, "args: want a JSON array")
		return
	}
	v.answer(w, r, s, f, remote, args)
}

// answer calls a remote and replies. With Piggyback the waiting calls go along.
func (v *Servlet) answer(w http.ResponseWriter, r *http.Request, s *Session, f framer, remote Remote, args []json.RawMessage) {
	reply, err := remote(s, args)
	body := map[string]any{"value": reply}
	if err != nil {
		body = map[string]any{"error": err.Error()}
	}
	if f.reply, err = json.Marshal(body); err != nil {
		stage.Fail(w, http.StatusInternalServerError, "reply: "+err.Error())
		return
	}
	if s.Config.Mode == Piggyback && v.sessions.Session(s.ID) != nil {
		v.carry(w, r, s, reference.Poll, reference.DefaultParams(), f)
		return
	}
	for name, values := range f.Head().Header {
		w.Header()[name] = values
	}
	_, _ = w.Write(f.Close(f.Open(nil, reference.Control{}), reference.Control{})) // the page may be gone
}

// load opens the session of a page and replies with its id.
func (v *Servlet) load(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) {
		return
	}
	c, err := ParseConfig(r.PostForm.Get("mode"), r.PostForm.Get("maxWaitAfterWrite"))
	page, batch := r.PostForm.Get("page"), r.PostForm.Get("batchId")
	if err == nil && (!word.MatchString(page) || !word.MatchString(batch)) {
		err = fmt.Errorf("want page and batchId")
	}
	if err != nil {
		stage.Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	s, err := v.sessions.Open(page, c)
	if err != nil {
		stage.Fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	v.loaded(s)
	v.answer(w, r, s, framer{batch: batch}, func(*Session, []json.RawMessage) (any, error) { return s.ID, nil }, nil)
}

// request reads what every request of a page has.
func (v *Servlet) request(w http.ResponseWriter, r *http.Request) (*Session, framer, bool) {
	if !form(w, r) {
		return nil, framer{}, false
	}
	f := framer{batch: r.PostForm.Get("batchId")}
	if !word.MatchString(f.batch) {
		stage.Fail(w, http.StatusBadRequest, "want batchId")
		return nil, framer{}, false
	}
	s := v.sessions.Session(r.PostForm.Get("scriptSessionId"))
	if s == nil {
		stage.Fail(w, http.StatusGone, "the script session is over, load the page again")
		return nil, framer{}, false
	}
	return s, f, true
}

func form(w http.ResponseWriter, r *http.Request) bool {
	if !stage.Allow(w, r, http.MethodPost) {
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		stage.Fail(w, http.StatusBadRequest, "read form: "+err.Error())
		return false
	}
	return true
}

// carry sends the calls that the page has not acknowledged.
func (v *Servlet) carry(w http.ResponseWriter, r *http.Request, s *Session, class reference.Class, p reference.Params, f framer) {
	next, err := strconv.ParseUint(r.PostForm.Get("nextReverseAjaxIndex"), 10, 32)
	if err != nil && r.PostForm.Has("nextReverseAjaxIndex") {
		stage.Fail(w, http.StatusBadRequest, "nextReverseAjaxIndex: want a number")
		return
	}
	p.After = v.stage.Server.Hub().Position(next)
	sub := reference.NewSubscription(s.channel, "dwr-"+string(s.Config.Mode), p)
	sub.EarlyClose = class == reference.Stream && s.Config.MaxWaitAfterWrite >= 0
	s.enter()
	sub.OnEnd = func(reference.Ending) { s.leave() }
	if err := v.stage.Server.Carry(w, r, class, sub, f); err != nil {
		s.leave()
	}
}

package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const completionsPath = "/llm/v1/chat/completions"

// Refusals that have nothing to do with the request.
var (
	errOverloaded = &apiError{status: http.StatusServiceUnavailable, message: "too many completions at once", code: "overloaded"}
	errStopping   = &apiError{status: http.StatusServiceUnavailable, message: "server is shutting down", code: "shutting_down"}
)

// completions are what the stand-in model writes now. It is not a technique:
// a completion is nobody else's, so it has no channel and nothing to resume
// from, and a reader that is slow slows the model down instead of losing
// tokens.
type completions struct {
	open  atomic.Int64
	begun atomic.Int64 // numbers them
}

// enter counts a completion in, unless there are max of them.
func (c *completions) enter(max int) (leave func(), err error) {
	leave = func() { c.open.Add(-1) }
	if c.open.Add(1) > int64(max) {
		leave()
		return nil, errOverloaded
	}
	return leave, nil
}

// serveCompletions answers /llm/v1/chat/completions: a stand-in for a language
// model behind the chat completions API, as a stream of tokens or whole.
func (s *Server) serveCompletions(w http.ResponseWriter, r *http.Request) {
	err := s.completeChat(w, r)
	var refused *apiError
	if errors.As(err, &refused) {
		if refused.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		refused.answer(w)
		return
	}
	if err != nil { // the peer is gone, or is not to get a clean end
		panic(http.ErrAbortHandler)
	}
}

// completeChat returns an *apiError while nothing has been answered yet, and
// another error when the answer must not end cleanly.
func (s *Server) completeChat(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &apiError{status: http.StatusMethodNotAllowed, message: "want POST", code: "method_not_supported"}
	}
	leave, err := s.completions.enter(s.cfg.MaxSubscribers)
	if err != nil {
		return err
	}
	defer leave()
	q, err := query(r)
	if err != nil {
		return badParam("", "", "query: "+err.Error())
	}
	p, err := parseCompletionParams(q)
	if err != nil {
		return badParam("", "", err.Error())
	}
	var body bytes.Buffer
	if _, err := s.readBody(w, r, &body); err != nil {
		var refused *refusal
		if errors.As(err, &refused) {
			return &apiError{status: refused.status, message: err.Error()}
		}
		return err
	}
	request, err := parseCompletionRequest(body.Bytes())
	if err != nil {
		return err
	}
	return s.newCompletion(p, request).answer(w, r)
}

// completion is one answer of the stand-in model.
type completion struct {
	params   completionParams
	request  completionRequest
	draining <-chan struct{}
	now      func() int64 // Unix microseconds

	id        string
	source    *tokenSource
	tokens    int    // how many there will be
	reason    string // why not more
	started   time.Time
	startedUS int64
}

func (s *Server) newCompletion(p completionParams, q completionRequest) *completion {
	c := &completion{
		params: p, request: q, draining: s.draining, now: s.hub.nowUS,
		id:     "chatcmpl-" + s.cfg.Epoch + "-" + strconv.FormatInt(s.completions.begun.Add(1), 10),
		source: newTokenSource(q.seed(p.Seed), p.Rate),
		tokens: q.limited(p.Tokens), reason: "stop",
		started: time.Now(), startedUS: s.hub.nowUS(),
	}
	if c.tokens < p.Tokens {
		c.reason = "length"
	}
	return c
}

func (c *completion) answer(w http.ResponseWriter, r *http.Request) error {
	switch cut := c.params.Cut; {
	case cut > 0 && !c.request.Stream:
		return badParam("stream", "", "cut is for streams")
	case cut > c.tokens:
		return badParam("", "", fmt.Sprintf("cut=%d is behind the end: there are %d tokens", cut, c.tokens))
	case c.request.Stream:
		return c.stream(w, r)
	}
	return c.whole(w, r)
}

// head is the head of the answer.
func (c *completion) head(media string, charset bool) Head {
	p := Params{AccelOff: c.params.AccelOff, NoTransform: c.params.NoTransform}
	return newHead(&p, habits{media: media, charset: charset})
}

// object starts a JSON object of a kind, up to its choices.
func (c *completion) object(dst []byte, kind string) []byte {
	dst = appendJSONString(append(dst, `{"id":`...), c.id)
	dst = appendJSONString(append(dst, `,"object":`...), kind)
	dst = strconv.AppendInt(append(dst, `,"created":`...), c.startedUS/1e6, 10)
	dst = appendJSONString(append(dst, `,"model":`...), c.request.Model)
	return append(dst, `,"choices":`...)
}

// dueUS is when something is planned, d behind the start, in Unix microseconds.
func (c *completion) dueUS(d time.Duration) int64 { return c.startedUS + d.Microseconds() }

// whole answers with the completion in one piece, as late as a stream of it
// would have ended.
func (c *completion) whole(w http.ResponseWriter, r *http.Request) error {
	var text []byte
	due := c.params.First
	for n := range c.tokens {
		token, gap := c.source.next()
		if n > 0 {
			due += gap
		}
		text = append(text, token...)
	}
	if err := c.await(r.Context(), c.started.Add(due)); err != nil {
		return err
	}
	body := append(c.object(nil, "chat.completion"), `[{"index":0,"message":{"role":"assistant","content":`...)
	body = appendJSONString(body, string(text))
	body = appendJSONString(append(body, `},"finish_reason":`...), c.reason)
	body = appendUsage(append(body, "}]"...), c.request.promptTokens(), c.tokens)
	body = append(appendMeasure(body, 1, c.dueUS(due), c.now()), "}\n"...)
	return answerWhole(w, c.head("application/json", false), body, compresses(w, r, c.params.Gzip))
}

// await waits until due. The error is errStopping or the context's.
func (c *completion) await(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-c.draining:
	}
	if err := ctx.Err(); err != nil { // of several that are ready, select takes any
		return err
	}
	select {
	case <-c.draining:
		return errStopping
	default:
		return nil
	}
}

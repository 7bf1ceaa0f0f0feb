package sockjsprotocol

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// onlyMessage is the message of an array frame that has one.
func onlyMessage(frame string) (string, error) {
	array, ok := strings.CutPrefix(strings.TrimSpace(frame), "a")
	var messages []string
	if err := json.Unmarshal([]byte(array), &messages); err != nil || !ok || len(messages) != 1 {
		return "", fmt.Errorf("got %.200q, want a frame with one message", frame)
	}
	return messages[0], nil
}

// streams opens a stream and reads its prelude.
func (a *asking) streams(session string) *answer {
	r := a.post(session+"/xhr_streaming", "").has(http.StatusOK)
	r.frame(prelude)
	return r
}

// interrupted wants a session whose receiver was cut to be over: a new one, or
// a close frame. The server may need a moment to learn of the cut, in which it
// still sees the receiver that is gone.
func (a *asking) interrupted(next func() string) {
	for {
		got := next()
		if got == stillOpen+"\n" && a.ctx.Err() == nil {
			continue
		}
		a.need(got == "o\n" || got == `c[1002,"Connection interrupted"]`+"\n", "got %.200q, want o or c[1002…]", got)
		return
	}
}

func closingCases() []Case {
	return []Case{
		{Name: "HandlingClose.test_close_frame", ChunkBound: true, ask: func(a *asking) {
			session := newSession(closing)
			one := a.streams(session)
			one.frame("o\n")
			one.frame(goAway + "\n")
			two := a.streams(session)
			two.frame(goAway + "\n")
			one.ends()
			two.ends()
		}},
		{Name: "HandlingClose.test_close_request", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			a.streams(session).frame("o\n")
			two := a.streams(session)
			two.frame(stillOpen + "\n")
			two.ends()
		}},
		{Name: "HandlingClose.test_abort_xhr_streaming", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			one := a.streams(session)
			one.frame("o\n")
			two := a.streams(session)
			two.frame(stillOpen + "\n")
			two.ends()
			one.leave()
			a.interrupted(func() string {
				r := a.streams(session)
				defer r.leave()
				line := r.next(2)
				for !strings.HasSuffix(line, "\n") {
					more := r.next(1)
					r.need(more != "", "the answer ended within %.200q", line)
					line += more
				}
				return line
			})
		}},
		{Name: "HandlingClose.test_abort_xhr_polling", ask: func(a *asking) {
			session := newSession(echo)
			a.polled(session, "o")
			a.rivals(session+"/xhr", func(r *answer) { r.is(http.StatusOK, stillOpen+"\n") }).abort()
			a.interrupted(func() string { return a.post(session+"/xhr", "").has(http.StatusOK).body() })
		}},
	}
}

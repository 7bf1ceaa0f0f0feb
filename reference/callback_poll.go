package reference

import (
	"errors"
	"net/http"
)

// callbackPoll is a long poll by a script element (JSONP). The comment in
// front keeps the first bytes of the answer out of the caller's hands.
type callbackPoll struct{}

var errCallback = errors.New("this technique needs callback=NAME")

func (callbackPoll) Name() string { return "callback-poll" }

func (callbackPoll) Info() Info {
	return Info{
		Class: Held, Family: "script", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(),
		Summary: "A script element asks; the answer is held like a long poll and calls a function of the page.",
	}
}

func (callbackPoll) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	if p.Callback == "" {
		return nil, errCallback
	}
	return &arrayFramer{
		head: newHead(p, habits{media: "application/javascript", nosniff: true}), prelude: p.Prelude, padding: p.Padding,
		open: "/**/" + p.Callback + "([", close: "]);", script: true,
	}, nil
}

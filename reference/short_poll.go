package reference

import "net/http"

// shortPoll answers at once with what there is.
type shortPoll struct{}

func (shortPoll) Name() string { return "short-poll" }

func (shortPoll) Info() Info {
	return Info{
		Class: Poll, Family: "polling", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(),
		Summary: "The client asks again and again, and each request is answered at once.",
	}
}

func (shortPoll) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	return newJSONPoll(&sub.Params, "[", "]"), nil
}

// newJSONPoll frames a poll whose answer is JSON.
func newJSONPoll(p *Params, open, close string) *arrayFramer {
	return &arrayFramer{
		head: newHead(p, habits{media: "application/json"}), prelude: p.Prelude, padding: p.Padding,
		open: open, close: close,
	}
}

package reference

import "net/http"

// longPoll holds the request until there is something to say.
type longPoll struct{}

func (longPoll) Name() string { return "long-poll" }

func (longPoll) Info() Info {
	return Info{
		Class: Held, Family: "polling", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(), Variants: []string{"POST"},
		Summary: "Each request is held until there is a message, then answered; the client asks again.",
	}
}

func (longPoll) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	return newJSONPoll(&sub.Params, "[", "]"), nil
}

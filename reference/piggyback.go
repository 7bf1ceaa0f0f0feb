package reference

import (
	"net/http"
	"strconv"
)

// piggyback is DWR's passive mode: what is queued rides on the reply to
// whatever the client sends anyway.
type piggyback struct{}

func (piggyback) Name() string { return "piggyback" }

func (piggyback) Info() Info {
	return Info{
		Class: Poll, Family: "polling", Methods: []string{http.MethodPost}, HTTP: HTTPVersions(), Upstream: true,
		Summary: "Messages ride on the replies to requests that the client sends anyway.",
	}
}

func (piggyback) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	open := `{"reply":` + strconv.FormatInt(sub.RequestBytes, 10) + `,"messages":[`
	return newJSONPoll(&sub.Params, open, "]}"), nil
}

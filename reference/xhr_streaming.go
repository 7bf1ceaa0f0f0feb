package reference

import "net/http"

// xhrStreaming is a text that never ends, read by XMLHttpRequest as it grows.
type xhrStreaming struct{}

func (xhrStreaming) Name() string { return "xhr-streaming" }

func (xhrStreaming) Info() Info {
	return Info{
		Class: Stream, Family: "xhr", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(), Variants: []string{"POST"},
		Summary: "One long text answer, one message a line, read by XMLHttpRequest while it grows.",
	}
}

func (xhrStreaming) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	return newLineFramer(&sub.Params, habits{media: "text/plain", charset: true, nosniff: true}), nil
}

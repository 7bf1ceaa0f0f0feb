package reference

import "net/http"

// fetchStreaming is the same stream for a reader of fetch's body.
type fetchStreaming struct{}

func (fetchStreaming) Name() string { return "fetch-streaming" }

func (fetchStreaming) Info() Info {
	return Info{
		Class: Stream, Family: "xhr", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(),
		Variants: []string{"POST", "framing=binary"},
		Summary:  "One long answer of JSON lines, read from the body of fetch piece by piece.",
	}
}

func (fetchStreaming) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	if sub.Params.Framing == "binary" {
		return newBinaryFramer(&sub.Params)
	}
	return newLineFramer(&sub.Params, habits{media: "application/x-ndjson"}), nil
}

package reference

import "net/http"

// earlyClose is DWR's answer to buffering proxies (maxWaitAfterWrite): a
// stream that ends shortly after its first message, because the end is what
// makes a buffer let go.
type earlyClose struct{}

func (earlyClose) Name() string { return "early-close" }

func (earlyClose) Info() Info {
	return Info{
		Class: Stream, Family: "xhr", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(), Variants: []string{"POST"},
		Summary: "A stream that ends shortly after its first message, so that a buffer on the path lets go.",
	}
}

func (earlyClose) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	sub.EarlyClose = true
	return newLineFramer(&sub.Params, habits{media: "text/plain", charset: true, nosniff: true}), nil
}

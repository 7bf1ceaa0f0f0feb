package reference

import "net/http"

// foreverIframeText is a text in an iframe that the parent page reads as it
// grows, without any script in it.
type foreverIframeText struct{}

func (foreverIframeText) Name() string { return "forever-iframe-text" }

func (foreverIframeText) Info() Info {
	return Info{
		Class: Stream, Family: "iframe", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(), Variants: []string{"prelude=4096"},
		Summary: "A text in an iframe that never ends; the parent page looks at it again and again.",
	}
}

func (foreverIframeText) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	return newLineFramer(&sub.Params, habits{media: "text/plain", charset: true}), nil
}

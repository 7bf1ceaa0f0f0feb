package reference

import "net/http"

// foreverIframe is a page that never ends and calls its parent.
type foreverIframe struct{}

func (foreverIframe) Name() string { return "forever-iframe" }

func (foreverIframe) Info() Info {
	return Info{
		Class: Stream, Family: "iframe", Methods: []string{http.MethodGet, http.MethodPost}, HTTP: HTTPVersions(), Variants: []string{"POST", "prelude=4096"},
		Summary: "A page in an iframe that never ends; each message is a script that calls the parent page.",
	}
}

func (foreverIframe) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	return &scriptFramer{
		head: newHead(p, habits{media: "text/html", charset: true}), prelude: p.Prelude, padding: p.Padding,
		call: "parent.cometbench",
	}, nil
}

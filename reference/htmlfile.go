package reference

import "net/http"

// htmlfilePrelude is what old Internet Explorers want to see before they run
// the first script of a page that is still coming.
const htmlfilePrelude = 256

// htmlfile is a forever iframe inside the htmlfile ActiveX object, which
// spared Internet Explorer its loading indicator and click sound.
type htmlfile struct{}

func (htmlfile) Name() string { return "htmlfile" }

func (htmlfile) Info() Info {
	return Info{
		Class: Stream, Family: "iframe", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(),
		Summary: "A forever iframe for the htmlfile object of old Internet Explorers, behind 256 bytes of prelude.",
	}
}

func (htmlfile) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	if p.Callback == "" {
		return nil, errCallback
	}
	p.Prelude = max(p.Prelude, htmlfilePrelude)
	return &scriptFramer{
		head: newHead(p, habits{media: "text/html"}), prelude: p.Prelude, padding: p.Padding,
		call: "parent." + p.Callback,
	}, nil
}

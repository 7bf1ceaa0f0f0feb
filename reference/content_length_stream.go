package reference

import (
	"errors"
	"net/http"
	"strconv"
)

// contentLengthStream is Lightstreamer's stream: it declares a large length,
// so that a proxy sees an ordinary long download, and is bound anew when the
// length is used up. recycle_bytes does not apply: the length is the limit.
//
// An end that comes long before the length is used up (a shutdown, say) is not
// filled up to it, see endPadding: the notice is there, and the connection is
// closed.
type contentLengthStream struct{}

func (contentLengthStream) Name() string { return "content-length-stream" }

func (contentLengthStream) Info() Info {
	return Info{
		Class: Stream, Family: "xhr", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(),
		Summary: "A stream that declares a large Content-Length, as an ordinary download does.",
	}
}

func (contentLengthStream) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	if p.Gzip {
		return nil, errors.New("compress does not go with a declared length")
	}
	if p.Length < minLength+int64(p.Prelude) {
		return nil, errors.New("length has no room for the prelude and the notices")
	}
	p.RecycleBytes = 0
	f := newLineFramer(p, habits{media: "application/octet-stream"})
	f.head.Header.Set("Content-Length", strconv.FormatInt(p.Length, 10))
	return f, nil
}

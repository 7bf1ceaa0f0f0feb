package reference

import (
	"net/http"
	"strconv"
)

// multipartBoundary needs not be random: a part is JSON, which has no line
// ends, so no part can contain the delimiter.
const (
	multipartBoundary = "cometbench"
	partEnd           = "\r\n--" + multipartBoundary + "\r\n"
	lastPartEnd       = "\r\n--" + multipartBoundary + "--\r\n"
)

// multiPart is server push as Netscape invented it: parts that replace each
// other. The next boundary follows each part at once, because browsers show a
// part when they see its end, not when they have its length.
type multiPart struct{}

func (multiPart) Name() string { return "multipart" }

func (multiPart) Info() Info {
	return Info{
		Class: Stream, Family: "multipart", Methods: []string{http.MethodGet}, HTTP: HTTPVersions(), Variants: []string{"subtype=mixed"},
		Summary: "One answer of many parts; each part is a message and replaces the one before.",
	}
}

func (multiPart) Frame(_ *http.Request, sub *Subscription) (Framer, error) {
	p := &sub.Params
	head := newHead(p, habits{media: "multipart/" + p.Subtype})
	head.Header.Set("Content-Type", head.Header.Get("Content-Type")+"; boundary="+multipartBoundary)
	return &multipartFramer{head: head, prelude: p.Prelude, padding: p.Padding}, nil
}

type multipartFramer struct {
	head    Head
	prelude int
	padding int
}

func (f *multipartFramer) Head() Head { return f.head }

func (f *multipartFramer) Open(dst []byte, hello Control) []byte {
	if f.prelude > 1 { // a preamble ends with CRLF; one byte has no room for it
		dst = append(appendSpaces(dst, f.prelude-2), "\r\n"...)
	} else {
		dst = appendPrelude(dst, f.prelude)
	}
	dst = append(dst, "--"+multipartBoundary+"\r\n"...)
	return f.Control(dst, hello)
}

func (f *multipartFramer) Message(dst []byte, m *Message) []byte {
	json := m.JSON()
	bare := len(f.part(nil, nil, 0, partEnd)) + len(strconv.Itoa(len(json))) - len("0") + len(json)
	return f.part(dst, json, max(0, f.padding-bare), partEnd)
}

func (f *multipartFramer) Control(dst []byte, c Control) []byte {
	return f.part(dst, c.AppendJSON(nil), 0, partEnd)
}

func (f *multipartFramer) Close(dst []byte, c Control) []byte {
	return f.part(dst, c.AppendJSON(nil), 0, lastPartEnd)
}

func (f *multipartFramer) SharingKey() string { return "multipart/" + strconv.Itoa(f.padding) }

func (f *multipartFramer) part(dst, json []byte, spaces int, delimiter string) []byte {
	dst = append(dst, "Content-Type: application/json\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(json)+spaces), 10)
	dst = append(dst, "\r\n\r\n"...)
	dst = append(dst, json...)
	dst = appendSpaces(dst, spaces)
	return append(dst, delimiter...)
}

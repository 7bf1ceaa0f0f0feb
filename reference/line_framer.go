package reference

import "strconv"

// lineFramer puts each message on a line of its own. It is the framing of
// xhr-streaming, fetch-streaming, early-close, forever-iframe-text and
// content-length-stream, which differ in their heads.
type lineFramer struct {
	head    Head
	prelude int
	padding int
}

func newLineFramer(p *Params, h habits) *lineFramer {
	return &lineFramer{head: newHead(p, h), prelude: p.Prelude, padding: p.Padding}
}

func (f *lineFramer) Head() Head { return f.head }

func (f *lineFramer) Open(dst []byte, hello Control) []byte {
	return f.Control(appendPrelude(dst, f.prelude), hello)
}

func (f *lineFramer) Message(dst []byte, m *Message) []byte {
	start := len(dst)
	dst = append(dst, m.JSON()...)
	dst = appendPadding(dst, start, len("\n"), f.padding)
	return append(dst, '\n')
}

func (f *lineFramer) Control(dst []byte, c Control) []byte {
	return append(c.AppendJSON(dst), '\n')
}

func (f *lineFramer) Close(dst []byte, c Control) []byte { return f.Control(dst, c) }

func (f *lineFramer) SharingKey() string { return "line/" + strconv.Itoa(f.padding) }

package reference

import "strconv"

// scriptFramer wraps each message in a script element that calls a function.
// It is the framing of forever-iframe and htmlfile.
type scriptFramer struct {
	head    Head
	prelude int
	padding int
	call    string
}

func (f *scriptFramer) Head() Head { return f.head }

func (f *scriptFramer) Open(dst []byte, hello Control) []byte {
	return f.Control(appendPrelude(dst, f.prelude), hello)
}

func (f *scriptFramer) Message(dst []byte, m *Message) []byte {
	return f.element(dst, m.JSON(), f.padding)
}

func (f *scriptFramer) Control(dst []byte, c Control) []byte {
	return f.element(dst, c.AppendJSON(nil), 0)
}

func (f *scriptFramer) Close(dst []byte, c Control) []byte { return f.Control(dst, c) }

func (f *scriptFramer) SharingKey() string {
	return "script/" + f.call + "/" + strconv.Itoa(f.padding)
}

func (f *scriptFramer) element(dst, json []byte, padding int) []byte {
	const tail = ")</script>\n"
	start := len(dst)
	dst = append(dst, "<script>"...)
	dst = append(dst, f.call...)
	dst = append(dst, '(')
	dst = appendScriptJSON(dst, json, false)
	dst = appendPadding(dst, start, len(tail), padding)
	return append(dst, tail...)
}

package reference

// arrayFramer makes the whole answer of a poll: messages as elements of one
// JSON array, with something before and behind it.
type arrayFramer struct {
	head        Head
	prelude     int
	padding     int
	open, close string
	script      bool // escape what would end a script or a script's line
}

func (f *arrayFramer) Head() Head { return f.head }

func (f *arrayFramer) Open(dst []byte, _ Control) []byte {
	return append(appendPrelude(dst, f.prelude), f.open...)
}

func (f *arrayFramer) Message(dst []byte, m *Message) []byte {
	dst = f.comma(dst)
	start := len(dst)
	dst = f.value(dst, m.JSON())
	return appendPadding(dst, start, 0, f.padding)
}

func (f *arrayFramer) Control(dst []byte, c Control) []byte {
	return f.value(f.comma(dst), c.AppendJSON(nil))
}

func (f *arrayFramer) Close(dst []byte, _ Control) []byte { return append(dst, f.close...) }

// SharingKey is "": the comma makes an element depend on its place.
func (f *arrayFramer) SharingKey() string { return "" }

func (f *arrayFramer) comma(dst []byte) []byte {
	if dst[len(dst)-1] == '[' { // elements end with } or a padding space
		return dst
	}
	return append(dst, ',')
}

func (f *arrayFramer) value(dst, json []byte) []byte {
	if f.script {
		return appendScriptJSON(dst, json, true)
	}
	return append(dst, json...)
}

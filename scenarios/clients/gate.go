package clients

import "fmt"

// visibility says when the bytes of an answer's body become visible to what
// reads them. The zero value shows each byte as it comes.
type visibility struct {
	atEnd bool // nothing before the answer has ended well
	from  int  // nothing before so many bytes are there, then each as it comes
	step  int  // only multiples of so many bytes, until the end
}

// gate stands between the bytes of one answer and its decoder and holds back
// what the modelled receiver would not see yet. It keeps at most MaxAnswer
// bytes. What an answer that breaks off still held is never seen.
type gate struct {
	visibility
	held []byte
	seen int // bytes that came
}

// pass takes what came and calls show with what becomes visible by it, if
// anything does.
func (g *gate) pass(p []byte, show func([]byte) error) error {
	g.seen += len(p)
	if g.visibility == (visibility{}) || (g.from > 0 && g.seen-len(p) >= g.from) {
		return show(p)
	}
	if len(g.held)+len(p) > MaxAnswer {
		g.held = nil
		return fmt.Errorf("answer of more than %d bytes before any is visible: %w", MaxAnswer, ErrTooLong)
	}
	g.held = append(g.held, p...)
	visible := 0
	switch {
	case g.atEnd:
	case g.from > 0 && g.seen >= g.from:
		visible = len(g.held)
	case g.step > 0:
		visible = len(g.held) - g.seen%g.step
	}
	return g.show(visible, show)
}

// end shows the rest: the answer ended as it should.
func (g *gate) end(show func([]byte) error) error { return g.show(len(g.held), show) }

func (g *gate) show(n int, show func([]byte) error) error {
	if n <= 0 {
		return nil
	}
	err := show(g.held[:n])
	g.held = append(g.held[:0], g.held[n:]...)
	return err
}

package clients

import (
	"bytes"
	"fmt"
)

const (
	// htmlfilePrelude is how many bytes Internet Explorer wants to see before
	// it runs the first script of a document.
	htmlfilePrelude = 256
	// straySample is how much of what stands outside scripts is quoted.
	straySample = 64

	scriptOpen  = "<script>"
	scriptClose = "</script>"
)

// scriptDecoder reads a document of `<script>parent.NAME(…)</script>` lines,
// with nothing but white space between them.
type scriptDecoder struct {
	call    []byte // parent.NAME(
	prelude int    // bytes wanted before the first script

	inScript bool
	body     []byte // of the unfinished script
	opened   int    // bytes of scriptOpen seen
	before   int    // bytes before the first script
	first    bool   // the first script was seen
	stray    []byte // bytes outside scripts since the last one
	told     bool   // stray was reported
	bad      strikes
}

func newScriptDecoder(name string, prelude int) *scriptDecoder {
	return &scriptDecoder{call: []byte("parent." + name + "("), prelude: prelude}
}

func (d *scriptDecoder) Feed(p []byte, emit func(Item)) error {
	for len(p) > 0 && d.bad.err == nil {
		if d.inScript {
			p = d.script(p, emit)
		} else {
			p = d.outside(p, emit)
		}
	}
	return d.bad.err
}

// outside looks for the next script and returns what follows its tag.
func (d *scriptDecoder) outside(p []byte, emit func(Item)) []byte {
	for i, c := range p {
		if d.bad.err != nil {
			return nil
		}
		switch {
		case c == scriptOpen[d.opened]:
			if d.opened++; d.opened == len(scriptOpen) {
				d.open(emit)
				return p[i+1:]
			}
			continue
		case d.opened > 0:
			d.strayed(emit, scriptOpen[:d.opened])
			d.opened = 0
			if c == scriptOpen[0] {
				d.opened = 1
				continue
			}
		case len(d.stray) == 0 && isSpace(c):
			d.before++
			continue
		}
		d.strayed(emit, string([]byte{c}))
	}
	return nil
}

func (d *scriptDecoder) strayed(emit func(Item), s string) {
	d.before += len(s)
	if d.told {
		return
	}
	if d.stray = append(d.stray, s...); len(d.stray) >= straySample {
		d.tellStray(emit)
	}
}

func (d *scriptDecoder) tellStray(emit func(Item)) {
	if len(d.stray) > 0 && !d.told {
		d.told = true
		_ = d.bad.malformed("bytes outside a script: "+excerpt(d.stray), len(d.stray), emit)
	}
}

func (d *scriptDecoder) open(emit func(Item)) {
	d.tellStray(emit)
	d.stray, d.told = d.stray[:0], false
	d.opened, d.inScript = 0, true
	if !d.first && d.before < d.prelude {
		_ = d.bad.malformed(fmt.Sprintf("%d bytes before the first script, want at least %d", d.before, d.prelude), d.before, emit)
	}
	d.first = true
}

// script collects a script up to its end tag and returns what follows that.
func (d *scriptDecoder) script(p []byte, emit func(Item)) []byte {
	from := max(0, len(d.body)-len(scriptClose)+1)
	had := len(d.body)
	d.body = append(d.body, p...)
	i := bytes.Index(d.body[from:], []byte(scriptClose))
	if i < 0 {
		if len(d.body) > MaxMessage {
			d.body = nil
			_ = d.bad.fail(fmt.Errorf("script of more than %d bytes: %w", MaxMessage, ErrTooLong))
		}
		return nil
	}
	end := from + i
	d.message(d.body[:end], emit)
	d.body, d.inScript = d.body[:0], false
	if cap(d.body) > keepBuffer {
		d.body = nil
	}
	return p[end+len(scriptClose)-had:]
}

func (d *scriptDecoder) message(body []byte, emit func(Item)) {
	arg, ok := bytes.CutPrefix(body, d.call)
	if ok {
		arg, ok = bytes.CutSuffix(arg, []byte(")"))
	}
	switch {
	case !ok:
		_ = d.bad.malformed(fmt.Sprintf("script does not call %s…): %s", d.call, excerpt(body)), len(body), emit)
	case bytes.Contains(arg, []byte("</")) || bytes.Contains(arg, []byte("<!--")):
		_ = d.bad.malformed("script contains </ or <!-- unescaped: "+excerpt(body), len(body), emit)
	default:
		_ = d.bad.message(arg, emit)
	}
}

func (d *scriptDecoder) End(emit func(Item)) error {
	switch {
	case d.bad.err != nil:
	case d.inScript || d.opened > 0:
		return fmt.Errorf("%w, after %d bytes of a script: %s", ErrUnfinished, len(d.body), excerpt(d.body))
	default:
		d.tellStray(emit)
	}
	return d.bad.err
}

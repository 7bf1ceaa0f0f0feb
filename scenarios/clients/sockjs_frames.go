package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// sockjsFrames reads the frames of SockJS, whatever carried them. The messages
// in them are the reference server's.
type sockjsFrames struct{ bad strikes }

// frame reads one: o opens, h is a heartbeat, a["…"] brings messages, m"…" one,
// and c[code,"reason"] closes.
func (f *sockjsFrames) frame(text []byte, emit func(Item)) error {
	if len(text) == 0 || !utf8.Valid(text) {
		return f.bad.malformed("frame is empty or not UTF-8: "+excerpt(text), len(text), emit)
	}
	rest := text[1:]
	switch {
	case text[0] == 'o' && len(rest) == 0:
		f.bad.row = 0
		emit(Item{Opens: true})
	case text[0] == 'h' && len(rest) == 0:
		f.bad.row = 0
		emit(Item{Kind: measure.Heartbeat})
	case text[0] == 'a' && arrayOf(rest):
		var err error
		eachElement(rest, func(el []byte) {
			if err == nil {
				err = f.message(el, emit)
			}
		})
		return err
	case text[0] == 'm' && json.Valid(rest):
		return f.message(bytes.Trim(rest, jsonSpace), emit)
	case text[0] == 'c' && arrayOf(rest):
		return f.close(rest, emit)
	default:
		return f.bad.malformed("not a SockJS frame: "+excerpt(text), len(text), emit)
	}
	return nil
}

func arrayOf(text []byte) bool { return len(text) > 0 && text[0] == '[' && json.Valid(text) }

func (f *sockjsFrames) message(quoted []byte, emit func(Item)) error {
	if quoted[0] != '"' {
		return f.bad.malformed("message is not a string: "+excerpt(quoted), len(quoted), emit)
	}
	return f.bad.message([]byte(unquote(quoted)), emit)
}

// close reads a close frame. Behind the end notice of the reference server it
// says nothing new.
func (f *sockjsFrames) close(array []byte, emit func(Item)) error {
	var parts [][]byte
	eachElement(array, func(el []byte) { parts = append(parts, el) })
	if len(parts) != 2 || parts[1][0] != '"' {
		return f.bad.malformed("not a close frame: "+excerpt(array), len(array), emit)
	}
	code, err := strconv.Atoi(string(parts[0]))
	if err != nil {
		return f.bad.malformed("not a close frame: "+excerpt(array), len(array), emit)
	}
	f.bad.row = 0
	emit(Item{Kind: measure.End, Reason: strings.TrimSpace(fmt.Sprintf("close %d %.120s", code, unquote(parts[1])))})
	return nil
}

// scriptString reads the string literal that a SockJS script passes on.
func scriptString(literal []byte) ([]byte, error) {
	literal = bytes.Trim(literal, jsonSpace)
	if len(literal) < 2 || literal[0] != '"' || !json.Valid(literal) {
		return nil, errors.New("not a string literal: " + excerpt(literal))
	}
	return []byte(unquote(literal)), nil
}

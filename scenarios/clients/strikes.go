package clients

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// maxStrikes malformed messages in a row are one HTML page too many: the
// answer is not a stream of this technique.
const maxStrikes = 8

// strikes passes messages on and counts the malformed ones. The zero value is
// ready.
type strikes struct {
	row int
	err error // once set, decoding is over
}

// message parses text as one message or notice and emits the outcome.
func (s *strikes) message(text []byte, emit func(Item)) error {
	it, err := parseMessage(text)
	if err != nil {
		return s.malformed(err.Error(), len(text), emit)
	}
	s.row = 0
	emit(it)
	return nil
}

// malformed emits an error item, and fails after too many in a row.
func (s *strikes) malformed(note string, size int, emit func(Item)) error {
	emit(Item{Kind: measure.Failed, Bytes: size, Note: note})
	if s.row++; s.row >= maxStrikes {
		return s.fail(fmt.Errorf("%w: %d malformed messages in a row", ErrNotFraming, s.row))
	}
	return nil
}

// fail makes err the answer to everything from now on.
func (s *strikes) fail(err error) error {
	s.err = err
	return err
}

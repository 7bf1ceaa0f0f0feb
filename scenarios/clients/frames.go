package clients

import "fmt"

// frameDecoder reads one message per websocket text message, thus per Feed.
type frameDecoder struct{ bad strikes }

func (d *frameDecoder) Feed(p []byte, emit func(Item)) error {
	if d.bad.err != nil {
		return d.bad.err
	}
	if len(p) > MaxMessage {
		return d.bad.fail(fmt.Errorf("frame of %d bytes: %w", len(p), ErrTooLong))
	}
	return d.bad.message(p, emit)
}

func (d *frameDecoder) End(func(Item)) error { return d.bad.err }

package clients

import (
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Limits of what a decoder keeps in memory.
const (
	// MaxMessage is the most bytes that one message may have on the wire.
	MaxMessage = 16 << 20
	// MaxAnswer is the most bytes that one answer of a poll may have.
	MaxAnswer = 64 << 20
)

var (
	// ErrUnfinished is wrapped by End when bytes of an unfinished message are
	// thrown away: the answer was cut, or its encoder forgot an end of line.
	ErrUnfinished = errors.New("ended within a message")
	// ErrTooLong is wrapped when MaxMessage or MaxAnswer is exceeded.
	ErrTooLong = errors.New("too long")
	// ErrNotFraming is wrapped when so much of the input is malformed that it
	// is not this technique's framing at all.
	ErrNotFraming = errors.New("not the framing of this technique")
)

// Item is one thing that a decoder recognised.
type Item struct {
	// Kind is Prelude, Received, Heartbeat, Gap, End or Failed. It is empty
	// when the item is no event and only carries Position, RetryMS or Opens.
	Kind measure.EventKind
	// ID is the message's id; for Gap the next message's id.
	ID string
	// Position is what to resume behind once this item was seen, if Moves. It
	// may be empty: an event stream can reset it.
	Position string
	Moves    bool
	// Data is the body of a message: the JSON text of `data`, or the decoded
	// bytes of `data_b64` if Binary. Escapes that the framing added are left
	// in. It is valid only until emit returns.
	Data   []byte
	Binary bool
	// Bytes is the length of Data; for Failed, the length of what was malformed.
	Bytes int
	// DueUS and SentUS are the origin's stamps in Unix microseconds; for
	// notices SentUS is their at_us. 0 when absent.
	DueUS, SentUS int64
	// Seq is the message's own number, of an endpoint of somebody's own.
	Seq *int64
	// Reason is why the origin ends the stream (End).
	Reason string
	// RetryMS is how long to wait before coming back, if HasRetry.
	RetryMS  int64
	HasRetry bool
	// Missed is how many messages a gap lost, or -1 if nobody knows.
	Missed int64
	// Opens says that a SockJS session was opened.
	Opens bool
	// Note is for people: what was malformed (Failed), missed=N (Gap).
	Note string
}

// Sum is the short hash of a message's data: measure.SumBytes of binary data,
// measure.SumJSON of all other.
func (it Item) Sum() string {
	if it.Binary {
		return measure.SumBytes(it.Data)
	}
	sum, err := measure.SumJSON(it.Data)
	if err != nil {
		return "" // decoders emit valid JSON only
	}
	return sum
}

// Decoder turns the bytes of one answer into items. It belongs to one
// goroutine, does not block and keeps at most MaxMessage (MaxAnswer for polls)
// bytes. Except for websocket, where one Feed is one message, the items do not
// depend on how the bytes are split between calls.
//
// A malformed message within sound framing becomes an item of kind Failed and
// decoding goes on. An error means that the framing itself is broken; it is
// returned by every later call, too.
type Decoder interface {
	// Feed takes the next bytes, and calls emit for each item they complete,
	// before it returns. It does not keep p.
	Feed(p []byte, emit func(Item)) error
	// End says that the bytes ended, properly or not. It reports what only
	// the end completes, and returns an error wrapping ErrUnfinished if part
	// of a message is left over. It is called once, and not for a poll whose
	// answer was cut: a browser would not show such an answer either.
	End(emit func(Item)) error
}

// Params are what a decoder must know of its exchange beside the technique.
type Params struct {
	ContentType  string // of the answer, as sent; multipart finds its boundary there
	Callback     string // the name asked for, for callback-poll, htmlfile and their kin of SockJS
	Framing      string // the option framing, for fetch-streaming: "binary", or "" for lines
	RequestBytes int    // length of the request body, which piggyback's answer repeats
}

// NewDecoder returns the decoder for one answer of a technique. It fails for
// an unknown technique, a missing callback name and a multipart type without
// boundary.
func NewDecoder(technique string, p Params) (Decoder, error) {
	switch {
	case p.Framing == "" || p.Framing == "lines":
	case p.Framing == "binary" && technique == "fetch-streaming":
		return newLengthDecoder(), nil
	default:
		return nil, fmt.Errorf("decode %s: unknown framing %q", technique, p.Framing)
	}
	if dec, err := sockjsDecoder(technique, p.Callback); dec != nil || err != nil {
		return dec, err
	}
	switch technique {
	case "short-poll", "long-poll":
		return &answerDecoder{parse: parseArray}, nil
	case "piggyback":
		return &answerDecoder{parse: piggybackParser(p.RequestBytes)}, nil
	case "callback-poll":
		if p.Callback == "" {
			return nil, errors.New("decode callback-poll: no callback name")
		}
		return &answerDecoder{parse: callbackParser(p.Callback)}, nil
	case "xhr-streaming", "fetch-streaming", "forever-iframe-text", "early-close", "content-length-stream", "webtransport":
		return &lineDecoder{}, nil
	case "forever-iframe":
		return newScriptDecoder("cometbench", 0), nil
	case "htmlfile":
		if p.Callback == "" {
			return nil, errors.New("decode htmlfile: no callback name")
		}
		return newScriptDecoder(p.Callback, htmlfilePrelude), nil
	case "multipart":
		boundary, err := boundaryOf(p.ContentType)
		if err != nil {
			return nil, fmt.Errorf("decode multipart: %w", err)
		}
		return newMultipartDecoder(boundary), nil
	case "eventsource":
		return &eventSourceDecoder{}, nil
	case "websocket":
		return &frameDecoder{}, nil
	case "bayeux-long-polling", "bayeux-callback-polling", "bayeux-websocket":
		return newBayeuxDecoder(technique, p.Callback, nil)
	}
	return nil, fmt.Errorf("no decoder for technique %q", technique)
}

func boundaryOf(contentType string) (string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", fmt.Errorf("content type %q: %w", contentType, err)
	}
	boundary := params["boundary"]
	if !strings.HasPrefix(media, "multipart/") || boundary == "" || len(boundary) > 70 {
		return "", fmt.Errorf("content type %q has no usable boundary", contentType)
	}
	return boundary, nil
}

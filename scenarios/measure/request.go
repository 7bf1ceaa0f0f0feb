package measure

import (
	"context"
	"net/http"
)

// Request is one request that is no subscription: it is made to see what
// becomes of it on the way.
type Request struct {
	Target Target
	// Pieces, if not nil, are sent as the request's body, each as soon as it
	// comes; the body ends when the channel is closed. Target.Body is left out.
	Pieces <-chan []byte
	// HeadOnly leaves once the head of the answer is there.
	HeadOnly bool
}

// Answer is what came back. A Status of 0 means that nothing did.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte // the first MostAnswer bytes of it, unpacked by nobody
	FirstUS int64  // when the first byte of the body came, Unix microseconds of the client's clock; 0 for none
}

// MostAnswer is how many bytes of a body an Answer keeps.
const MostAnswer = 64 << 10

// Asker is a Client that can make such requests, over connections of their own.
type Asker interface {
	// Ask sends r and blocks until its answer has ended or ctx does. Events go
	// to sink as those of Subscribe do: dial, headers, a write for each piece of
	// the body, error, end. What went wrong on the way is an event; the error
	// means that the client cannot make this request at all.
	Ask(ctx context.Context, r Request, sink func(Event)) (Answer, error)
}

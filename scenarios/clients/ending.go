package clients

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// wireReader remembers how the bytes of a body ended, below any decompressor.
type wireReader struct {
	io.Reader
	err error
	n   int64
}

func (w *wireReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.n += int64(n)
	if err != nil {
		w.err = err
	}
	return n, err
}

// endOf says how the body of resp ended, given the error of its last read;
// empty when it did not end but broke its own rules.
func endOf(resp *http.Response, err error) measure.EndKind {
	if err != io.EOF {
		return brokenOff(err)
	}
	if closes(resp) {
		return measure.EndFIN
	}
	return measure.EndClean
}

// closes reports whether the close of the connection is all that ends the body
// of resp.
func closes(resp *http.Response) bool {
	return resp.ContentLength < 0 && resp.ProtoMajor < 2 && !slices.Contains(resp.TransferEncoding, "chunked")
}

// brokenOff says how the far end left in the middle; empty when it did not.
//
// A GOAWAY that cuts a stream counts as a reset: the far end said that it
// leaves, and did not wait for what it had begun.
func brokenOff(err error) measure.EndKind {
	var reset streamReset
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.As(err, &reset):
		return measure.EndRST
	case err != nil && strings.Contains(err.Error(), "GOAWAY"): // net/http exports no type for it
		return measure.EndRST
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return measure.EndFIN
	case err != nil && strings.Contains(err.Error(), "server closed idle connection"):
		return measure.EndFIN // nor for this
	}
	return brokenOffQUIC(err)
}

// resetAlone reports whether the far end reset an HTTP/2 stream and kept the
// connection. What the transport resets by itself, because it did not
// understand the far end, is none. quic-go makes one error of both, so that of
// HTTP/3 it cannot be told.
func resetAlone(err error) bool {
	var reset streamReset
	// net/http exports no name for a cause of the far end's.
	return errors.As(err, &reset) && reset.Cause != nil && reset.Cause.Error() == "received from peer"
}

// brokenOffQUIC does so for HTTP/3. The library makes one error of a stream's
// reset and of the connection's close, but the code tells: nobody resets a
// stream for no error.
func brokenOffQUIC(err error) measure.EndKind {
	var (
		h3        *http3.Error
		app       *quic.ApplicationError
		stream    *quic.StreamError
		transport *quic.TransportError
		stateless *quic.StatelessResetError
		idle      *quic.IdleTimeoutError
	)
	switch {
	case errors.As(err, &h3) && h3.Remote:
		if h3.ErrorCode == http3.ErrCodeNoError || h3.ErrorCode == 0 {
			return measure.EndFIN
		}
		return measure.EndRST
	case errors.As(err, &app) && app.Remote:
		if http3.ErrCode(app.ErrorCode) == http3.ErrCodeNoError || app.ErrorCode == 0 {
			return measure.EndFIN
		}
		return measure.EndRST
	case errors.As(err, &stream) && stream.Remote, errors.As(err, &transport) && transport.Remote, errors.As(err, &stateless):
		return measure.EndRST
	case errors.As(err, &idle):
		return measure.EndSilence
	}
	return ""
}

// streamReset has the shape of net/http's own error for a reset HTTP/2 stream,
// which can be asked for by shape only.
type streamReset struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error is never shown; errors.As wants an error.
func (streamReset) Error() string { return "stream reset" }

package reference

import (
	"compress/gzip"
	"net/http"
	"time"
)

// outlet is where a stream's frames go. The stream loop calls it serially,
// except interrupt.
type outlet interface {
	// head hands the head to the kernel, before anything of the body.
	head() error
	// send hands one frame to the kernel; with flush it returns when it did.
	send(frame []byte, flush bool) error
	// heartbeat says that the stream is alive by the carrier's own means. The
	// loop uses it when the framer has no bytes for a heartbeat.
	heartbeat() error
	// breakOff hands the first half of a frame to the kernel. It is the last
	// thing written.
	breakOff(frame []byte) error
	// allow bounds the writes from now on by one deadline.
	allow(d time.Duration)
	// interrupt breaks a blocked send off. It is called at any time, by
	// another goroutine, and does not block.
	interrupt()
}

// httpOutlet writes to an HTTP response.
type httpOutlet struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	zip *gzip.Writer // nil when the body is not compressed
}

func newHTTPOutlet(w http.ResponseWriter, head Head, compress bool) (*httpOutlet, error) {
	o := &httpOutlet{w: w, rc: http.NewResponseController(w)}
	for k, v := range head.Header {
		w.Header()[k] = v
	}
	if compress {
		w.Header().Set("Content-Encoding", "gzip")
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		o.zip = z
	}
	return o, nil
}

func (o *httpOutlet) head() error { return o.rc.Flush() }

// send writes a frame with one Write and one Flush: net/http makes one chunk
// of it.
func (o *httpOutlet) send(frame []byte, flush bool) error {
	var err error
	if o.zip != nil {
		_, err = o.zip.Write(frame)
		if err == nil && flush {
			err = o.zip.Flush()
		}
	} else {
		_, err = o.w.Write(frame)
	}
	if err != nil || !flush {
		return err
	}
	return o.rc.Flush()
}

func (o *httpOutlet) breakOff(frame []byte) error { return o.send(frame[:len(frame)/2], true) }

// heartbeat has nothing to add: HTTP has no heartbeat of its own.
func (o *httpOutlet) heartbeat() error { return nil }

// allow ignores the error of writers without deadlines (a recorder in a test):
// nothing can block there.
func (o *httpOutlet) allow(d time.Duration) {
	_ = o.rc.SetWriteDeadline(time.Now().Add(d))
}

func (o *httpOutlet) interrupt() { _ = o.rc.SetWriteDeadline(time.Now()) }

// finish ends the body.
func (o *httpOutlet) finish() error {
	if o.zip != nil {
		return o.zip.Close()
	}
	return nil
}

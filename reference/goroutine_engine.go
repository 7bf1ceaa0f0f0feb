package reference

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answerAllowed bounds the writing of a poll's answer and of a stream's end.
// net/http takes the deadline off the connection before the next request.
const answerAllowed = 30 * time.Second

// GoroutineEngine serves each subscription on the goroutine of its request. It
// works on any ResponseWriter and over any HTTP version. The zero value is
// ready.
type GoroutineEngine struct{}

// Attach implements Engine. It returns when the answer has ended.
func (GoroutineEngine) Attach(w http.ResponseWriter, r *http.Request, sub *Subscription, f Framer) {
	if sub.class == Stream {
		attachStream(w, r, sub, f)
	} else {
		attachPoll(w, r, sub, f)
	}
}

// Detach implements Engine.
func (GoroutineEngine) Detach(sub *Subscription, reason string) { sub.detach(reason) }

func attachStream(w http.ResponseWriter, r *http.Request, sub *Subscription, f Framer) {
	head := f.Head()
	length, _ := strconv.ParseInt(head.Header.Get("Content-Length"), 10, 64) // 0 without
	out, err := newHTTPOutlet(w, head, compresses(w, r, sub.Params.Gzip))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sub.accepted(head.Status)
	w.WriteHeader(head.Status)
	if _, err := newStream(sub, f, out, length).run(r.Context()); err != nil {
		// A clean end of the body would tell the peer, if anything still
		// reaches it, that the stream was complete.
		panic(http.ErrAbortHandler)
	}
	if err := out.finish(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func attachPoll(w http.ResponseWriter, r *http.Request, sub *Subscription, f Framer) {
	sub.accepted(f.Head().Status)
	a, err := poll(r.Context(), sub, f, func() {
		if r.ProtoAtLeast(1, 1) { // HTTP/1.0 has no answers before the answer
			w.WriteHeader(http.StatusProcessing)
		}
	})
	if err != nil {
		sub.aborted("context: " + err.Error())
		return
	}
	if sub.Params.Fail == failCut {
		cutPoll(w, sub, f.Head(), a.body)
	}
	if err := answerWhole(w, f.Head(), a.body, compresses(w, r, sub.Params.Gzip)); err != nil {
		sub.aborted("write: " + err.Error())
		panic(http.ErrAbortHandler)
	}
	a.noted(sub)
}

// answerWhole answers with a body in one piece, compressed if compress.
func answerWhole(w http.ResponseWriter, head Head, body []byte, compress bool) error {
	for k, v := range head.Header {
		w.Header()[k] = v
	}
	if compress {
		body = zipped(body)
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(answerAllowed)) // a writer without deadlines does not block
	w.WriteHeader(head.Status)
	if _, err := w.Write(body); err != nil {
		return err
	}
	return rc.Flush()
}

// compresses decides on gzip, if it was asked for, and tells caches on what
// that depended.
func compresses(w http.ResponseWriter, r *http.Request, asked bool) bool {
	if !asked {
		return false
	}
	w.Header().Add("Vary", "Accept-Encoding")
	return acceptsGzip(r.Header)
}

// acceptsGzip reads Accept-Encoding; only a quality of 0 refuses.
func acceptsGzip(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			key, value, _ := strings.Cut(strings.TrimSpace(params), "=")
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return !(strings.EqualFold(strings.TrimSpace(key), "q") && err == nil && q == 0)
		}
	}
	return false
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // a Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

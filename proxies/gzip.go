package proxies

import (
	"compress/gzip"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

func gzipFault() Fault {
	return Fault{
		Name:   "gzip",
		Means:  "The response is compressed if the client allows it, and the compressor waits for a full block before it passes anything on.",
		Source: "Kludex/starlette#2753 (steps of 32 KiB); brendanlong/lion-reader#691, traefik/traefik#12728; nginx gzip on (measured on 1.22.1)",
		Provokes: []Provoke{
			{"compression", "gzip(block=32768)"},
		},
		Params: []Param{
			{Name: "block", Type: Bytes, Main: true, Means: "how much is collected before it is compressed and sent; without it the compressor decides: deflate puts out a block after 16,384 symbols"},
			{Name: "flush", Type: Word, Words: []string{"0", "1"}, Default: "0", Means: "1: each write is compressed and sent at once"},
			{Name: "head", Type: Word, Words: []string{"hold", "pass"}, Means: "whether the head waits for the first block: pass with flush=1, else hold"},
			{Name: "min", Type: Bytes, Default: "1", Means: "a body known to be smaller stays as it is"},
			{Name: "first", Type: Bytes, Default: "1", Means: "a body whose first piece is smaller stays as it is; the head waits for that piece"},
			{Name: "no-transform", Type: Word, Words: []string{"obey", "ignore"}, Default: "obey", Means: "whether Cache-Control: no-transform keeps a response as it is"},
			{Name: "vary", Type: Word, Words: []string{"0", "1"}, Default: "1", Means: "whether Vary: Accept-Encoding is added"},
		},
		New: func(a Args) (Hooks, error) {
			plan := gzipPlan{
				block: int(a.Number("block")), min: a.Number("min"), first: int(a.Number("first")),
				flush: a.Text("flush") == "1", obey: a.Text("no-transform") == "obey", vary: a.Text("vary") == "1",
			}
			plan.holdHead = a.Text("head") == "hold" || (!plan.flush && !a.Has("head"))
			if plan.block > maxHeld {
				return Hooks{}, errTooMuch
			}
			if plan.flush && plan.block > 0 {
				return Hooks{}, errors.New("flush=1 excludes block")
			}
			return Hooks{Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
				// HTTP/1.0 clients are left alone, as by nginx.
				if r.Method == http.MethodHead || !r.ProtoAtLeast(1, 1) || !acceptsGzip(r.Header) {
					return next
				}
				return &gzipWriter{next: next, plan: plan}
			}}, nil
		},
	}
}

type gzipPlan struct {
	block, first                int
	min                         int64
	flush, holdHead, obey, vary bool
}

type gzipWriter struct {
	next ResponseWriter
	plan gzipPlan

	mu     sync.Mutex
	status int          // of a head that waits for the first piece; 0: none does
	zip    *gzip.Writer // nil: this response stays as it is
	held   []byte
	err    error
}

func (w *gzipWriter) Header() http.Header { return w.next.Header() }

func (w *gzipWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.compressible(status, w.Header()):
		w.next.WriteHeader(status)
	case w.plan.first > 1:
		w.status = status
	default:
		w.begin(status)
	}
}

// decide lets a head go that waits for the first piece, of size bytes.
func (w *gzipWriter) decide(size int) {
	status := w.status
	w.status = 0
	switch {
	case status == 0:
	case size < w.plan.first:
		w.next.WriteHeader(status)
	default:
		w.begin(status)
	}
}

// begin makes a compressor and the head that fits it.
func (w *gzipWriter) begin(status int) {
	if w.plan.holdHead {
		w.next = &heldHead{ResponseWriter: w.next}
	}
	w.zip = gzip.NewWriter(&magicHolder{next: w.next})
	h := w.Header()
	h.Set("Content-Encoding", "gzip")
	if w.plan.vary {
		h.Add("Vary", "Accept-Encoding")
	}
	h.Del("Content-Length")
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		h.Set("Etag", "W/"+tag)
	}
	w.next.WriteHeader(status)
}

func (w *gzipWriter) compressible(status int, h http.Header) bool {
	if size, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && size < w.plan.min {
		return false
	}
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified && status != http.StatusPartialContent &&
		h.Get("Content-Encoding") == "" && !(w.plan.obey && hasToken(h["Cache-Control"], "no-transform"))
}

func (w *gzipWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide(len(p))
	switch {
	case w.zip == nil:
		return w.next.Write(p)
	case w.err != nil:
		return 0, w.err
	case w.plan.flush:
		w.compress(p, true)
	case w.plan.block == 0:
		w.compress(p, false)
	default:
		w.held = append(w.held, p...)
		if n := len(w.held) - len(w.held)%w.plan.block; n > 0 {
			w.compress(w.held[:n], true)
			w.held = append(w.held[:0], w.held[n:]...)
		}
	}
	return len(p), w.err
}

func (w *gzipWriter) compress(p []byte, flush bool) {
	_, w.err = w.zip.Write(p)
	if w.err == nil && flush {
		w.err = w.zip.Flush()
	}
}

// Finish gives out the rest after a proper end. What a compressor holds when
// the origin breaks off is lost.
func (w *gzipWriter) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide(0)
	if w.zip != nil && w.err == nil && err == nil {
		w.compress(w.held, false)
		if w.err == nil {
			w.err = w.zip.Close()
		}
	}
	w.next.Finish(err)
}

// magicHolder keeps the ten bytes that begin every gzip stream until something
// follows: compress/gzip writes them at once, zlib with the first block.
type magicHolder struct {
	next  ResponseWriter
	magic []byte
	over  bool
}

func (m *magicHolder) Write(p []byte) (int, error) {
	if m.over {
		return m.next.Write(p)
	}
	const size = 10
	if m.magic = append(m.magic, p...); len(m.magic) <= size {
		return len(p), nil
	}
	m.over = true
	_, err := m.next.Write(m.magic)
	m.magic = nil
	return len(p), err
}

// acceptsGzip reports whether Accept-Encoding allows gzip (RFC 9110, 12.5.3).
func acceptsGzip(h http.Header) bool {
	allowed := false
	for _, line := range h["Accept-Encoding"] {
		for item := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(item, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name != "gzip" && name != "x-gzip" && name != "*" {
				continue
			}
			ok := true
			if q, found := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q="); found {
				if v, err := strconv.ParseFloat(q, 64); err == nil && v == 0 {
					ok = false
				}
			}
			if name != "*" {
				return ok
			}
			allowed = ok
		}
	}
	return allowed
}

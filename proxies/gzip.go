package proxies

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

func gzipFault() Fault {
	return Fault{
		Name:     "gzip",
		Means:    "The response is compressed if the client allows it; the compressor waits for a full block before it passes anything on.",
		Source:   "Kludex/starlette#2753 (steps of 32 KiB); brendanlong/lion-reader#691, traefik/traefik#12728",
		Provokes: []Provoke{{"compression", "gzip(block=32768)"}},
		Params: []Param{
			{Name: "block", Type: Bytes, Default: "32768", Main: true, Means: "how much of the origin's bytes is collected before a block is compressed and sent"},
			{Name: "flush", Type: Word, Words: []string{"0", "1"}, Default: "0", Means: "1: each write is compressed and sent at once"},
			{Name: "head", Type: Word, Words: []string{"hold", "pass"}, Default: "hold", Means: "whether the head waits for the first block"},
		},
		New: func(a Args) (Hooks, error) {
			block := int(a.Number("block"))
			if block > maxHeld {
				return Hooks{}, errTooMuch
			}
			if a.Text("flush") == "1" {
				block = 1
			}
			holdHead := a.Text("head") == "hold" && a.Text("flush") != "1"
			return Hooks{Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
				if r.Method == http.MethodHead || !acceptsGzip(r.Header) {
					return next
				}
				return &gzipWriter{next: next, block: block, holdHead: holdHead}
			}}, nil
		},
	}
}

type gzipWriter struct {
	next     ResponseWriter
	block    int
	holdHead bool

	mu   sync.Mutex
	zip  *gzip.Writer // nil: this response stays as it is
	held []byte
	err  error
}

func (w *gzipWriter) Header() http.Header { return w.next.Header() }

func (w *gzipWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.Header()
	if w.compressible(status, h) {
		if w.holdHead {
			w.next = &heldHead{ResponseWriter: w.next}
		}
		w.zip = gzip.NewWriter(w.next)
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
			h.Set("Etag", "W/"+tag)
		}
	}
	w.next.WriteHeader(status)
}

func (*gzipWriter) compressible(status int, h http.Header) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified && status != http.StatusPartialContent &&
		h.Get("Content-Encoding") == "" && !hasToken(h["Cache-Control"], "no-transform")
}

func (w *gzipWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.zip == nil {
		return w.next.Write(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.held = append(w.held, p...)
	if n := len(w.held) - len(w.held)%w.block; n > 0 {
		_, w.err = w.zip.Write(w.held[:n])
		if w.err == nil {
			w.err = w.zip.Flush()
		}
		w.held = append(w.held[:0], w.held[n:]...)
	}
	return len(p), w.err
}

func (w *gzipWriter) Finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.zip != nil && w.err == nil {
		_, w.err = w.zip.Write(w.held)
		switch {
		case w.err != nil:
		case err == nil:
			w.err = w.zip.Close()
		default:
			w.err = w.zip.Flush() // no end mark: the origin gave none either
		}
	}
	w.next.Finish(err)
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

package proxies

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
)

func http10Fault() Fault {
	return Fault{
		Name:   "http10",
		Means:  "The origin is asked with HTTP/1.0 (no chunks, no keep-alive, no upgrade), or the client is answered with it.",
		Source: "nginx before 1.29.7 (ngx_http_proxy_module, proxy_http_version; measured on 1.22.1)",
		Params: []Param{
			{Name: "side", Type: Word, Words: []string{"origin", "client", "both"}, Default: "origin", Main: true, Means: "which side sees the old version; over HTTP/2 clients are answered with what they speak"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			var h Hooks
			if a.Text("side") != "client" {
				h.Upstream = func(next http.RoundTripper) http.RoundTripper {
					return tripperFunc(func(r *http.Request) (*http.Response, error) {
						return next.RoundTrip(inHTTP10(r))
					})
				}
			}
			if a.Text("side") != "origin" {
				h.Writer = func(next ResponseWriter, r *http.Request) ResponseWriter {
					answerInHTTP10(exchangeOf(r.Context()).in)
					return next
				}
			}
			return h, nil
		},
	}
}

// answerInHTTP10 makes net/http answer in as if it had come with HTTP/1.0: it
// looks at the request when it writes the head, and knows no other way.
func answerInHTTP10(in *http.Request) {
	if in.ProtoMajor == 1 {
		in.Proto, in.ProtoMinor = "HTTP/1.0", 0
	}
}

type http10Key struct{}

// inHTTP10 is r as HTTP/1.0 can carry it.
func inHTTP10(r *http.Request) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), http10Key{}, true))
	r.Header = r.Header.Clone()
	for _, name := range []string{"Upgrade", "Connection", "Te", "Expect"} {
		r.Header.Del(name)
	}
	return r
}

func wantsHTTP10(ctx context.Context) bool { return ctx.Value(http10Key{}) != nil }

// roundTripHTTP10 is a round trip in HTTP/1.0, on a connection of its own that
// ends with the response.
func roundTripHTTP10(dial Dialer, config *tls.Config, r *http.Request) (*http.Response, error) {
	if err := countBody(r); err != nil {
		return nil, err
	}
	c, err := dial(r.Context(), "tcp", hostPort(r.URL))
	if err != nil {
		return nil, err
	}
	if r.URL.Scheme == "https" {
		c = tls.Client(c, config)
	}
	closeConn := sync.OnceFunc(func() { _ = c.Close() })
	stop := context.AfterFunc(r.Context(), closeConn)
	r = r.Clone(r.Context())
	r.Close = true // as nginx says it
	// The body goes up while the answer is waited for: an origin may answer
	// before it has read everything. Closing the connection ends the writer.
	go func() { _ = r.Write(&firstLine10{w: c}) }()
	head := &io.LimitedReader{R: c, N: maxHeaderBytes}
	reader := bufio.NewReader(head)
	resp, err := http.ReadResponse(reader, r)
	for err == nil && resp.StatusCode >= 100 && resp.StatusCode < 200 {
		resp, err = http.ReadResponse(reader, r)
	}
	if err != nil {
		stop()
		closeConn()
		if cause := context.Cause(r.Context()); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("http/1.0 to %s: %w", r.URL.Host, err)
	}
	head.N = math.MaxInt64
	resp.Body = &http10Body{ReadCloser: resp.Body, close: func() {
		stop()
		closeConn()
	}}
	return resp, nil
}

// countBody gives a body of unknown length one: HTTP/1.0 has no other way.
func countBody(r *http.Request) error {
	if r.Body == nil || r.ContentLength >= 0 {
		return nil
	}
	body, err := wholeBody(r)
	if err == nil {
		setBody(r, body)
	}
	return err
}

// firstLine10 rewrites the version in the request line.
type firstLine10 struct {
	w    io.Writer
	line []byte
	done bool
}

func (f *firstLine10) Write(p []byte) (int, error) {
	if f.done {
		return f.w.Write(p)
	}
	f.line = append(f.line, p...)
	end := bytes.Index(f.line, []byte("\r\n"))
	if end < 0 {
		if len(f.line) > maxHeaderBytes {
			return 0, errors.New("request line is too long")
		}
		return len(p), nil
	}
	copy(f.line[end-len("HTTP/1.1"):], "HTTP/1.0")
	f.done = true
	if _, err := f.w.Write(f.line); err != nil {
		return 0, err
	}
	f.line = nil
	return len(p), nil
}

// http10Body closes its connection with it.
type http10Body struct {
	io.ReadCloser
	close func()
}

func (b *http10Body) Close() error {
	b.close()
	return nil
}

package scenarios

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Inside is the origin that a reference server in this process is, asked
// without a connection: control, its Inside, answers, whatever the server
// listens on.
func Inside(control http.Handler) Origin {
	o := newServed(&url.URL{Scheme: "http", Host: "inside.invalid"}, "")
	o.http = &http.Client{Transport: handled{control}}
	return o
}

// handled answers requests by calling a handler.
type handled struct{ handler http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	a := &answer{header: http.Header{}, status: http.StatusOK}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	h.handler.ServeHTTP(a, in)
	if err := in.Body.Close(); err != nil {
		return nil, fmt.Errorf("close request body: %w", err)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r,
	}, nil
}

// answer is a whole answer in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

package ajp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// exchange carries one request to the origin and the answer back. reuse reports
// whether the connection can take another; an error, that it is to be closed
// without the end that is missing.
func (c *conn) exchange(q *forward) (reuse bool, err error) {
	body, length, err := c.bodyFor(q)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	req, err := q.request(ctx, c.adapter.origin)
	if err != nil {
		return c.refuse(body, http.StatusBadRequest)
	}
	if body != nil {
		req.Body, req.ContentLength = body, length
	}
	resp, err := c.adapter.transport.RoundTrip(req)
	switch {
	case err != nil && c.ctx.Err() != nil:
		return false, errGone
	case err != nil:
		return c.refuse(body, http.StatusBadGateway)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return c.refuse(body, http.StatusBadGateway)
	}
	return c.respond(resp, body)
}

// respond passes an answer on.
func (c *conn) respond(resp *http.Response, body *requestBody) (reuse bool, err error) {
	_, reason, _ := strings.Cut(resp.Status, " ")
	removeHopByHop(resp.Header)
	packets, err := appendSendHeaders(nil, resp.StatusCode, reason, resp.Header)
	if err != nil {
		return c.refuse(body, http.StatusBadGateway)
	}
	if resp.ContentLength != 0 && resp.Request.Method != http.MethodHead {
		packets = appendBodyChunk(packets, nil)
	}
	if err := c.write(packets); err != nil {
		return false, err
	}
	chunk := make([]byte, maxChunk)
	for {
		n, err := resp.Body.Read(chunk)
		packets = packets[:0]
		if n > 0 {
			packets = appendBodyChunk(appendBodyChunk(packets, chunk[:n]), nil)
		}
		end := errors.Is(err, io.EOF)
		if end {
			reuse = body.settled()
			packets = appendEndResponse(packets, reuse)
		}
		if len(packets) > 0 {
			if err := c.write(packets); err != nil {
				return false, err
			}
		}
		if end || err != nil {
			if end {
				err = nil
			}
			return reuse, err
		}
	}
}

// refuse answers in the origin's place.
func (c *conn) refuse(body *requestBody, status int) (reuse bool, err error) {
	text := http.StatusText(status) + "\n"
	packets, err := appendSendHeaders(nil, status, http.StatusText(status), http.Header{"Content-Type": {"text/plain; charset=utf-8"}})
	if err != nil {
		return false, err
	}
	reuse = body.settled()
	return reuse, c.write(appendEndResponse(appendBodyChunk(packets, []byte(text)), reuse))
}

// request is the same request for the origin. It fails when the path or the
// method is none.
func (q *forward) request(ctx context.Context, origin *url.URL) (*http.Request, error) {
	u, err := url.ParseRequestURI(q.uri)
	if err != nil {
		return nil, err
	}
	if u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, errMalformed
	}
	u.Scheme, u.Host = origin.Scheme, origin.Host
	if q.hasQuery {
		u.RawQuery, u.ForceQuery = q.query, q.query == ""
	}
	req, err := http.NewRequestWithContext(ctx, q.method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Host = q.header.Get("Host")
	if req.Host == "" {
		req.Host = q.server
	}
	req.Header = q.header
	removeHopByHop(req.Header)
	for _, name := range []string{"Host", "Content-Length", "Expect"} {
		req.Header.Del(name) // net/http writes the first two; the web server has answered the third
	}
	if len(req.Header["User-Agent"]) == 0 {
		req.Header["User-Agent"] = []string{""} // else net/http puts in its own
	}
	return req, nil
}

// removeHopByHop removes the headers that end with a connection (RFC 9110,
// 7.6.1). Upgrade goes with them: AJP cannot.
func removeHopByHop(h http.Header) {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		h.Del(name)
	}
}

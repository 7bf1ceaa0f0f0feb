package sockjsprotocol

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

const (
	echo     = "/echo"
	closing  = "/close"
	noSocket = "/disabled_websocket_echo"
	cookied  = "/cookie_needed_echo"

	most = 1 << 20 // bytes of a body, of a chunk
)

// newSession is the URL of a session that nobody has.
func newSession(service string) string { return service + "/000/" + rand.Text() }

// request is an HTTP request as it is written; Header is sent as it is.
type request struct {
	method, path string
	header       map[string]string
	body         string
	version      string // "" is 1.1
}

// answer is what came back, its body unread.
type answer struct {
	*asking
	conn    net.Conn
	r       *bufio.Reader
	status  int
	proto   string
	header  textproto.MIMEHeader
	chunked bool
	length  int // -1 when not said
	rest    string
}

// dial connects to the server or to the proxy in front of it.
func (a *asking) dial() net.Conn {
	to := a.server.Base
	if a.server.Proxy != nil && to.Scheme == "http" {
		to = a.server.Proxy
	}
	address := to.Host
	if to.Port() == "" {
		address = net.JoinHostPort(to.Hostname(), map[string]string{"http": "80", "https": "443"}[to.Scheme])
	}
	d := &net.Dialer{}
	var conn net.Conn
	var err error
	if to.Scheme == "https" {
		conn, err = (&tls.Dialer{NetDialer: d, Config: &tls.Config{NextProtos: []string{"http/1.1"}}}).DialContext(a.ctx, "tcp", address)
	} else {
		conn, err = d.DialContext(a.ctx, "tcp", address)
	}
	a.must(err)
	if until, ok := a.ctx.Deadline(); ok {
		a.must(conn.SetDeadline(until))
	}
	a.open = append(a.open, conn)
	return conn
}

// send makes a connection of its own and reads the head of the answer.
func (a *asking) send(q request) *answer { return a.begin(q).answer() }

// pending is a request whose answer was not looked at.
type pending struct {
	*asking
	conn  net.Conn
	r     *bufio.Reader
	q     request
	ready chan struct{} // closed when something has come, or nothing will; nil when nobody watches
}

// begin sends a request on a connection of its own.
func (a *asking) begin(q request) *pending {
	conn := a.dial()
	return a.over(conn, bufio.NewReader(conn), q)
}

// over sends a request on a connection that is open.
func (a *asking) over(conn net.Conn, r *bufio.Reader, q request) *pending {
	target := a.server.Base.Path + q.path
	if a.server.Proxy != nil && a.server.Base.Scheme == "http" {
		target = a.server.Base.Scheme + "://" + a.server.Base.Host + target
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/%s\r\nHost: %s\r\n", q.method, target, orElse(q.version, "1.1"), a.server.Base.Host)
	for name, value := range q.header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	if q.method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(q.body))
	}
	b.WriteString("\r\n" + q.body)
	_, err := io.WriteString(conn, b.String())
	a.must(err)
	return &pending{asking: a, conn: conn, r: r, q: q}
}

// answer reads the head of the answer.
func (p *pending) answer() *answer {
	if p.ready != nil {
		<-p.ready
	}
	out := &answer{asking: p.asking, conn: p.conn, r: p.r, length: -1}
	text := textproto.NewReader(p.r)
	line, err := text.ReadLine()
	p.must(err)
	proto, status, _ := strings.Cut(line, " ")
	out.proto = proto
	code, _, _ := strings.Cut(status, " ")
	out.status, err = strconv.Atoi(code)
	p.must(err)
	out.header, err = text.ReadMIMEHeader()
	p.must(err)
	out.chunked = strings.EqualFold(out.header.Get("Transfer-Encoding"), "chunked")
	if n := out.header.Get("Content-Length"); n != "" {
		out.length, err = strconv.Atoi(n)
		p.must(err)
	}
	if p.q.method == http.MethodHead || out.status == http.StatusNoContent || out.status == http.StatusNotModified || out.status < 200 {
		out.length, out.chunked = 0, false
	}
	return out
}

// watch tells when there is something to read.
func (p *pending) watch() {
	p.ready = make(chan struct{})
	go func() {
		defer close(p.ready)
		_, _ = p.r.Peek(1) // whoever reads gets the error again
	}()
}

// abort leaves without the answer.
func (p *pending) abort() {
	_ = p.conn.Close()
	if p.ready != nil {
		<-p.ready
	}
}

// rivals makes two requests to receive and lets refused look at the answer of
// the one that was not first. The other is held. Which came first is the
// path's business, and no clock is needed to know.
func (a *asking) rivals(path string, refused func(*answer)) (holder *pending) {
	q := request{method: http.MethodPost, path: path}
	one, two := a.begin(q), a.begin(q)
	one.watch()
	two.watch()
	select {
	case <-one.ready:
		refused(one.answer())
		return two
	case <-two.ready:
		refused(two.answer())
		return one
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (a *asking) get(path string, header ...string) *answer {
	return a.send(request{method: http.MethodGet, path: path, header: pairs(header)})
}

func (a *asking) post(path, body string, header ...string) *answer {
	return a.send(request{method: http.MethodPost, path: path, body: body, header: pairs(header)})
}

func pairs(list []string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		out[list[i]] = list[i+1]
	}
	return out
}

// body reads the answer to its end, which must be proper.
func (r *answer) body() string {
	var b []byte
	var err error
	switch {
	case r.chunked:
		for {
			chunk := r.chunk()
			if chunk == "" {
				return string(b)
			}
			b = append(b, chunk...)
			r.need(len(b) <= most, "the answer is longer than %d bytes", most)
		}
	case r.length >= 0:
		r.need(r.length <= most, "the answer is longer than %d bytes", most)
		b = make([]byte, r.length)
		_, err = io.ReadFull(r.r, b)
	default:
		b, err = io.ReadAll(io.LimitReader(r.r, most))
	}
	r.must(err)
	return string(b)
}

// chunk reads one chunk, "" at the end. Of an answer without chunks it is what
// a single read gives.
func (r *answer) chunk() string {
	if !r.chunked {
		buf := make([]byte, 64<<10)
		n, err := r.r.Read(buf)
		if !errors.Is(err, io.EOF) {
			r.must(err)
		}
		return string(buf[:n])
	}
	line, err := textproto.NewReader(r.r).ReadLine()
	r.must(err)
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
	r.must(err)
	r.need(n <= most, "a chunk of %d bytes", n)
	b := make([]byte, n+2)
	_, err = io.ReadFull(r.r, b)
	r.must(err)
	r.need(strings.HasSuffix(string(b), "\r\n"), "a chunk does not end where it says")
	return string(b[:n])
}

// next reads as much as is wanted: one chunk, or what has its length.
func (r *answer) next(n int) string {
	if !r.server.AnyChunks && r.chunked {
		return r.chunk()
	}
	for len(r.rest) < n {
		chunk := r.chunk()
		if chunk == "" {
			break
		}
		r.rest += chunk
	}
	n = min(n, len(r.rest))
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

// frame wants this next.
func (r *answer) frame(want string) {
	got := r.next(len(want))
	r.need(got == want, "got %.200q, want %.200q", got, want)
}

// ends wants nothing more.
func (r *answer) ends() {
	got := r.rest
	if got == "" {
		got = r.chunk()
	}
	r.need(got == "", "got %.200q, want the end of the answer", got)
}

// leave closes the connection.
func (r *answer) leave() { _ = r.conn.Close() }

// is wants a status and a whole body.
func (r *answer) is(status int, body string) *answer {
	r.has(status)
	got := r.body()
	r.need(got == body, "got body %.200q, want %.200q", got, body)
	return r
}

// says wants a status and something within the body.
func (r *answer) says(status int, text string) {
	r.has(status)
	got := r.body()
	r.need(strings.Contains(got, text), "got body %.200q, want %q in it", got, text)
}

func (r *answer) has(status int) *answer {
	r.need(r.status == status, "got status %d, want %d", r.status, status)
	return r
}

// mediaType compares without regard to spaces.
func (r *answer) mediaType(want string) {
	got := strings.ReplaceAll(r.header.Get("Content-Type"), " ", "")
	r.need(got == want, "got type %q, want %q", got, want)
}

func (r *answer) notCached() {
	want := "no-store, no-cache, no-transform, must-revalidate, max-age=0"
	r.need(r.header.Get("Cache-Control") == want, "got Cache-Control %q, want %q", r.header.Get("Cache-Control"), want)
	r.need(r.header.Get("Expires") == "" && r.header.Get("Last-Modified") == "", "an answer that must not be cached has an age: %v", r.header)
}

// cached wants an answer that may be kept for months.
func (r *answer) cached() {
	control := r.header.Get("Cache-Control")
	_, age, _ := strings.Cut(control, "max-age=")
	digits := len(age) - len(strings.TrimLeft(age, "0123456789"))
	r.need(strings.Contains(control, "public") && digits >= 7 && age[0] != '0', "got Cache-Control %q, want public and a year", control)
	r.need(r.header.Get("Expires") != "", "no Expires")
}

func (r *answer) noCookie() {
	r.need(r.header.Get("Set-Cookie") == "", "got a cookie: %q", r.header.Get("Set-Cookie"))
}

// readableBy wants a page of an origin to be let in, with its cookies; "" is a
// request without an origin.
func (r *answer) readableBy(origin string) {
	allow, credentials := r.header.Get("Access-Control-Allow-Origin"), r.header.Get("Access-Control-Allow-Credentials")
	if origin == "" {
		r.need(allow == "*" && credentials == "", "got %q with credentials %q, want * without", allow, credentials)
		return
	}
	r.need(allow == origin && credentials == "true", "got %q with credentials %q, want %q with true", allow, credentials, origin)
}

// preflight wants a URL to let pages of any origin ask by some methods.
func (a *asking) preflight(path string, methods ...string) {
	for _, origin := range []string{"test", "null"} {
		r := a.send(request{method: http.MethodOptions, path: path, header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": strings.Join(methods, ", "),
		}})
		r.need(r.status == http.StatusOK || r.status == http.StatusNoContent, "got status %d to OPTIONS", r.status)
		r.cached()
		age, err := strconv.Atoi(r.header.Get("Access-Control-Max-Age"))
		r.need(err == nil && age > 1_000_000, "got Access-Control-Max-Age %q", r.header.Get("Access-Control-Max-Age"))
		for _, m := range methods {
			r.need(strings.Contains(r.header.Get("Access-Control-Allow-Methods"), m), "%s is not allowed: %q", m, r.header.Get("Access-Control-Allow-Methods"))
		}
		r.readableBy(origin)
		r.need(r.body() == "", "OPTIONS is answered with a body")
	}
}

// polled wants a poll to be answered with this frame.
func (a *asking) polled(session, frame string) {
	a.post(session+"/xhr", "").is(http.StatusOK, frame+"\n")
}

// sends sends messages by xhr_send.
func (a *asking) sends(session, messages string) {
	a.post(session+"/xhr_send", messages).is(http.StatusNoContent, "")
}

var form = []string{"Content-Type", "application/x-www-form-urlencoded"}

func escaped(s string) string { return url.QueryEscape(s) }

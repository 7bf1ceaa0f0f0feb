package initiator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/proxies"
)

// Comparer is a path in front of an origin of its own, a stream in lock-step.
type Comparer struct {
	in     proxies.Instance
	to     *url.URL
	stream *steps
	server *http.Server
	served chan error
}

// Start starts p in front of an origin. The comparer lives until Close.
func Start(ctx context.Context, p proxies.Proxy) (*Comparer, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("compare initiators: %w", err)
	}
	c := &Comparer{stream: &steps{arrived: make(chan struct{}, 1)}, to: &url.URL{Scheme: "http", Host: ln.Addr().String(), Path: "/stream"}, served: make(chan error, 1)}
	c.server = &http.Server{Handler: c.stream, ReadHeaderTimeout: time.Minute, Protocols: new(http.Protocols)}
	c.server.Protocols.SetHTTP1(true)
	c.server.Protocols.SetUnencryptedHTTP2(true)
	go func() { c.served <- c.server.Serve(ln) }()
	if c.in, err = p.Start(ctx, proxies.Env{Origin: c.to}); err != nil {
		return nil, errors.Join(fmt.Errorf("compare initiators: %w", err), c.Close())
	}
	return c, nil
}

// Version is the program's.
func (c *Comparer) Version() string { return c.in.Version() }

// Close ends the path and the origin.
func (c *Comparer) Close() error {
	var err error
	if c.in != nil {
		err = c.in.Close()
	}
	err = errors.Join(err, c.server.Close())
	if served := <-c.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Difference is what the path does otherwise for an iframe than for a script
// that asks for a stream of a media type as an engine does: "" when nothing. It
// is believed when it shows three times, and the fields are named that it hangs
// on. It fails when an answer does not come from the origin.
func (c *Comparer) Difference(media string, e Engine) (string, error) {
	c.stream.mu.Lock()
	c.stream.media = media
	c.stream.mu.Unlock()
	return difference(c.in, c.to, c.stream, e)
}

// address is where clients connect.
func address(in proxies.Instance) string {
	if route := in.Route(); route.Proxy != nil {
		return route.Proxy.Host
	}
	return in.Route().Base.Host
}

// treatment is what became of one request.
type treatment struct {
	asked  string // of the origin: method, version, names of fields that the client had not sent
	lost   string // fields of the client's that did not arrive as they were
	answer string // to the client: status, names of fields, type, encoding, framing
	pace   string // of each message: whether it came before the next was written
	body   string // where it is not encoded
}

// unlike names what differs.
func (a treatment) unlike(b treatment) []string {
	var out []string
	for name, pair := range map[string][2]string{
		"what the origin is asked": {a.asked, b.asked}, "lost fields": {a.lost, b.lost}, "the answer's head": {a.answer, b.answer},
		"pace": {a.pace, b.pace}, "body": {a.body, b.body},
	} {
		if pair[0] != pair[1] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// steps is a stream in lock-step: a message is written when the one before has
// arrived, or was waited for in vain, once.
type steps struct {
	media   string
	arrived chan struct{}
	mu      sync.Mutex
	request *http.Request
	pace    []bool
}

const (
	stepCount = 4
	// stepWait tells what is held from what is slow on a busy machine.
	stepWait = 400 * time.Millisecond
)

func stepMessage(n int) string { return fmt.Sprintf("%d%s\n", n, strings.Repeat("x", 600)) }

func (s *steps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.request, s.pace = r.Clone(r.Context()), nil
	w.Header().Set("Content-Type", s.media)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	wait := stepWait
	for n := range stepCount {
		for len(s.arrived) > 0 {
			<-s.arrived
		}
		_, _ = io.WriteString(w, stepMessage(n))
		_ = http.NewResponseController(w).Flush()
		came := true
		select {
		case <-s.arrived:
		case <-time.After(wait):
			came, wait = false, 0
		case <-r.Context().Done():
			return
		}
		s.mu.Lock()
		s.pace = append(s.pace, came)
		s.mu.Unlock()
	}
}

// look asks once for to through in.
func look(in proxies.Instance, to *url.URL, s *steps, fields []field) (treatment, error) {
	conn, err := net.Dial("tcp", address(in))
	if err != nil {
		return treatment{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	target := to.RequestURI()
	if in.Route().Proxy != nil {
		target = to.String()
	}
	s.mu.Lock()
	s.request = nil
	s.mu.Unlock()
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n", target, to.Host)
	for _, f := range fields {
		head += f.name + ": " + f.value + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		return treatment{}, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return treatment{}, err
	}
	defer resp.Body.Close()
	var body strings.Builder
	for buf := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(buf)
		body.Write(buf[:n])
		if n > 0 {
			select {
			case s.arrived <- struct{}{}:
			default:
			}
		}
		if err != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.request == nil {
		return treatment{}, fmt.Errorf("%s, and the origin saw nothing", resp.Status)
	}
	return s.treatment(resp, body.String(), fields), nil
}

// treatment is that of the last request. s is locked.
func (s *steps) treatment(resp *http.Response, body string, fields []field) treatment {
	t := treatment{
		answer: fmt.Sprint(resp.StatusCode, names(resp.Header), resp.Header.Get("Content-Type"), resp.Header["Content-Encoding"], resp.TransferEncoding, resp.ContentLength >= 0),
		pace:   fmt.Sprint(s.pace),
	}
	if resp.Header.Get("Content-Encoding") == "" {
		t.body = body
	}
	var added, lost []string
	for _, name := range names(s.request.Header) {
		if _, own := valueOf(fields, name); !own {
			added = append(added, name)
		}
	}
	for _, f := range fields {
		// Connection is between neighbours, and its values are no field's.
		if !strings.EqualFold(f.name, "Connection") && s.request.Header.Get(f.name) != f.value {
			lost = append(lost, f.name)
		}
	}
	slices.Sort(lost)
	t.asked, t.lost = fmt.Sprint(s.request.Method, s.request.Proto, added), fmt.Sprint(lost)
	return t
}

func names(h http.Header) []string {
	var all []string
	for name := range h {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func difference(in proxies.Instance, to *url.URL, s *steps, e Engine) (string, error) {
	var unlike []string
	for range 3 {
		a, err := look(in, to, s, e.iframe)
		if err != nil {
			return "", err
		}
		b, err := look(in, to, s, e.xhr)
		if err != nil {
			return "", err
		}
		if unlike = a.unlike(b); len(unlike) == 0 {
			return "", nil
		}
	}
	// The one field that makes an iframe's request a script's.
	var by []string
	for _, name := range varying(e.iframe, e.xhr) {
		a, err := look(in, to, s, e.iframe)
		if err != nil {
			return "", err
		}
		b, err := look(in, to, s, exchanged(e.iframe, e.xhr, name))
		if err != nil {
			return "", err
		}
		if len(a.unlike(b)) > 0 {
			by = append(by, name)
		}
	}
	if len(by) == 0 {
		by = []string{"no field alone"}
	}
	return fmt.Sprintf("%s, by %s", strings.Join(unlike, ", "), strings.Join(by, ", ")), nil
}

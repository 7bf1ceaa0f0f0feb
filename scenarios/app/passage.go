package app

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// passage is one connection of a path to the gateway, and the one to the
// application behind it.
type passage struct {
	gateway *Gateway
	number  int
	client  net.Conn
	in      *bufio.Reader

	app      net.Conn
	tap      *tap
	reader   *observer
	pumping  sync.WaitGroup
	watching sync.WaitGroup
}

func (p *passage) run() {
	p.in = bufio.NewReaderSize(p.client, 32<<10)
	for p.request() == nil {
	}
	left := time.Now().UnixMicro()
	if p.app == nil {
		return
	}
	p.gateway.forget(p.app)
	p.tap.leave()
	p.pumping.Wait()
	p.reader.close()
	p.watching.Wait()
	if !p.gateway.released() {
		p.reader.aborted(left)
	}
}

// request passes one request on. It fails when there are no more.
func (p *passage) request() error {
	head, err := readHead(p.in)
	if err != nil {
		return err
	}
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if err := p.gateway.budget.Take(); err != nil {
		p.gateway.spent(err)
		return err
	}
	if p.app == nil {
		if p.app, err = p.gateway.dial(); err != nil {
			return err
		}
		p.tap = newTap()
		p.reader = newObserver(p.gateway.spec.Stream(), &p.gateway.record, p.tap)
		p.pumping.Go(p.pump)
		p.watching.Go(p.reader.run)
	}
	q := p.reader.expect(req, p.number, p.lacks(req))
	if _, err := p.app.Write(p.rewritten(head, req)); err != nil {
		return err
	}
	if q.switched != nil {
		return p.upgraded(q)
	}
	return passBody(p.app, p.in, req)
}

// upgraded passes on what follows a request to upgrade: frames once the
// application agreed, else another request.
func (p *passage) upgraded(q question) error {
	// A client waits for the answer before it says more.
	if _, err := p.in.Peek(1); err != nil {
		return err
	}
	select {
	case <-q.switched:
		_, err := io.Copy(p.app, p.in)
		return errors.Join(err, io.EOF)
	case <-q.refused:
		return nil
	case <-p.reader.done:
		return io.EOF
	}
}

// perHop are headers that end at each hop (RFC 9110, section 7.6.1), and what
// the gateway itself sets.
var perHop = []string{"Connection", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// lacks lists the headers of the spec that the request has lost on the way.
func (p *passage) lacks(req *http.Request) []string {
	spec := p.gateway.spec
	target, err := spec.Target("")
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range sortedKeys(target.Header) {
		if target.Header.Get(name) != "" && !slices.Contains(perHop, name) && req.Header.Get(name) == "" {
			out = append(out, name)
		}
	}
	if spec.Framing == measure.FramingWebSocket && !wantsSocket(req) {
		out = append(out, "Upgrade")
	}
	if slices.Contains(out, "Cookie") {
		return out
	}
	for name, value := range spec.Cookies {
		if !slices.ContainsFunc(req.Cookies(), func(c *http.Cookie) bool { return c.Name == name && strings.Trim(value, `"`) == c.Value }) {
			return append(out, "Cookie")
		}
	}
	return out
}

func wantsSocket(req *http.Request) bool {
	return strings.EqualFold(req.Header.Get("Upgrade"), "websocket")
}

// rewritten names the application in the lines Host and Origin, and in a
// target that is a whole URL, as some proxies send it to any server.
func (p *passage) rewritten(head []byte, req *http.Request) []byte {
	_, ownOrigin := p.gateway.spec.Header("Origin")
	var out bytes.Buffer
	first := true
	for line := range bytes.Lines(head) {
		if first {
			first = false
			if req.URL.IsAbs() && req.Method != http.MethodConnect {
				line = fmt.Appendf(nil, "%s %s %s\r\n", req.Method, req.URL.RequestURI(), req.Proto)
			}
			out.Write(line)
			continue
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch strings.ToLower(string(name)) {
		case "host":
			fmt.Fprintf(&out, "Host: %s\r\n", p.gateway.host)
			continue
		case "origin":
			if !ownOrigin {
				fmt.Fprintf(&out, "Origin: %s\r\n", p.gateway.spec.Origin())
				continue
			}
		}
		out.Write(line)
	}
	return out.Bytes()
}

// pump carries the application's answers to the path, and past the observer.
func (p *passage) pump() {
	buf := make([]byte, 32<<10)
	for said := false; ; {
		n, err := p.app.Read(buf)
		if n > 0 {
			said = true
			stamp := time.Now()
			if _, werr := p.client.Write(buf[:n]); werr != nil {
				// The path has left; what it did not take is no answer to it.
				_ = p.client.Close()
				p.tap.end(net.ErrClosed)
				return
			}
			p.tap.add(buf[:n], stamp)
		}
		if err != nil {
			p.tap.end(err)
			if !said && brokenBy(err) == "" && !errors.Is(err, net.ErrClosed) { // an alert of TLS
				p.gateway.unreachable(err)
			}
			if brokenBy(err) == measure.EndRST {
				abort(p.client)
			}
			_ = p.client.Close()
			return
		}
	}
}

// abort closes a connection with a reset, without a word of TLS before it.
func abort(c net.Conn) {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the path sees an ordinary close
	}
	_ = c.Close()
}

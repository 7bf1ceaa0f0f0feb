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
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// maxHead bounds a request's head, in bytes.
const maxHead = 64 << 10

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
	p.reader.expect(req, p.number, p.lacks(req))
	if _, err := p.app.Write(p.rewritten(head)); err != nil {
		return err
	}
	if strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
		_, err := io.Copy(p.app, p.in)
		return errors.Join(err, io.EOF)
	}
	return passBody(p.app, p.in, req)
}

// lacks lists the headers of the spec that the request has lost on the way.
func (p *passage) lacks(req *http.Request) []string {
	var out []string
	target, err := p.gateway.spec.Target("")
	if err != nil {
		return nil
	}
	for name := range target.Header {
		if name != "Host" && name != "Connection" && req.Header.Get(name) == "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// rewritten names the application in the lines Host and Origin.
func (p *passage) rewritten(head []byte) []byte {
	_, ownOrigin := headerOf(p.gateway.spec.Headers, "Origin")
	var out bytes.Buffer
	for line := range bytes.Lines(head) {
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
	for {
		n, err := p.app.Read(buf)
		if n > 0 {
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
			if kind := brokenBy(err); kind == measure.EndRST {
				if tcp, ok := p.client.(*net.TCPConn); ok {
					_ = tcp.SetLinger(0)
				}
			}
			_ = p.client.Close()
			return
		}
	}
}

// readHead reads a request's head as it stands, blank lines in front of it left out.
func readHead(in *bufio.Reader) ([]byte, error) {
	var head []byte
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		blank := len(bytes.TrimRight(line, "\r\n")) == 0
		if blank && len(head) == 0 {
			continue
		}
		if head = append(head, line...); len(head) > maxHead {
			return nil, fmt.Errorf("a head of more than %d bytes", maxHead)
		}
		if blank {
			return head, nil
		}
	}
}

// passBody copies a request's body as it stands.
func passBody(to io.Writer, in *bufio.Reader, req *http.Request) error {
	if req.ContentLength > 0 {
		_, err := io.CopyN(to, in, req.ContentLength)
		return err
	}
	if len(req.TransferEncoding) == 0 {
		return nil
	}
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
		if _, err := to.Write(line); err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 63)
		if err != nil || size < 0 {
			return fmt.Errorf("chunk size %q", digits)
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(to, in, size+2); err != nil {
			return err
		}
	}
	for { // trailers
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if _, err := to.Write(line); err != nil {
			return err
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil
		}
	}
}

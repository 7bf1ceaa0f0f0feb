package proxies

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// connect opens a client's connection up to where a request can be sent, and
// returns the target to ask for.
func (p *road) connect() (net.Conn, *bufio.Reader, string) {
	p.t.Helper()
	c, r, base, status := p.connectFrom("")
	if status != http.StatusOK {
		p.t.Fatalf("CONNECT: %d", status)
	}
	return c, r, base
}

// connectFrom does so from an address of its own, and returns the status that
// CONNECT was answered with, 200 where none was needed.
func (p *road) connectFrom(address string) (net.Conn, *bufio.Reader, string, int) {
	p.t.Helper()
	c, err := p.net.dial(context.WithValue(context.Background(), memFrom{}, address), "", "hop")
	if err != nil {
		p.t.Fatal(err)
	}
	r := bufio.NewReader(c)
	switch p.way {
	case byTLS:
		c = tls.Client(c, p.trust())
		return c, bufio.NewReader(c), "", http.StatusOK
	case byForward:
		return c, r, "http://" + originAddr, http.StatusOK
	case byConnect:
		status := p.askTunnel(c, r, originAddr)
		return c, r, "", status
	}
	return c, r, "", http.StatusOK
}

// askTunnel asks for a tunnel and returns the answer's status.
func (p *road) askTunnel(c net.Conn, r *bufio.Reader, address string, headers ...string) int {
	p.t.Helper()
	lines := append([]string{"CONNECT " + address + " HTTP/1.1", "Host: " + address}, headers...)
	fmt.Fprint(c, strings.Join(lines, "\r\n")+"\r\n\r\n")
	resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode
}

// tunnel opens a connection and asks a forward proxy for a tunnel on it.
func (p *road) tunnel(address string, headers ...string) (net.Conn, *bufio.Reader, int) {
	p.t.Helper()
	c, err := p.net.dial(context.Background(), "", "hop")
	if err != nil {
		p.t.Fatal(err)
	}
	r := bufio.NewReader(c)
	return c, r, p.askTunnel(c, r, address, headers...)
}

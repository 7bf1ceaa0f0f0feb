package real

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// maxAnswer bounds what a program tells about itself.
const maxAnswer = 1 << 20

// ask sends a request to a program at an address of the network, on a
// connection of its own, and returns the body of its answer. Anything but
// status 200 is an error.
func ask(ctx context.Context, network, address string, req *http.Request) ([]byte, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %.200s", resp.StatusCode, bytes.TrimSpace(body))
	}
	return body, nil
}

var errNoCounters = errors.New("the answer holds no counters")

// number reads one that a program has written.
func number(text []byte) int {
	f, _ := strconv.ParseFloat(string(text), 64) // patterns let nothing else through
	return int(f)
}

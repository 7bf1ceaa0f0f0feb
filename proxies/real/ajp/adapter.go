package ajp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxConnections bounds the connections that are served at once. Further ones
// wait to be accepted, as they do in front of a container whose threads are all
// taken. Apache opens one for each of its threads, 150 by default.
const maxConnections = 4096

// originWait bounds the dial to the origin. Heads may take as long as the web
// server waits for them.
const originWait = 10 * time.Second

// Adapter is a running AJP/1.3 listener. Its methods are safe for concurrent use.
type Adapter struct {
	origin    *url.URL
	listener  net.Listener
	transport *http.Transport
	ctx       context.Context // over when the adapter is closed
	cancel    context.CancelFunc
	places    chan struct{}
	all       sync.WaitGroup // accept and every connection
}

var errOrigin = errors.New("the origin must be of the form http://host:port")

// Listen starts an adapter on address (host:port; port 0 is a free one) in front
// of origin, of which scheme and host count. The caller closes it. It fails when
// it cannot listen, or when origin is not plain HTTP.
func Listen(address string, origin *url.URL) (*Adapter, error) {
	if origin == nil || origin.Scheme != "http" || origin.Host == "" {
		return nil, fmt.Errorf("ajp: %w", errOrigin)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("ajp: %w", err)
	}
	a := &Adapter{
		origin:   origin,
		listener: l,
		transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: originWait}).DialContext,
			// With a connection for each request there is none that the origin
			// may just have closed, on which net/http would repeat a request.
			// DisableKeepAlives would do the same, but tell the origin.
			MaxIdleConnsPerHost: -1,
			DisableCompression:  true, // else it would unpack what the client asked to have packed
			// What is larger cannot be passed on.
			MaxResponseHeaderBytes: 2 * maxPacket,
		},
		places: make(chan struct{}, maxConnections),
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.all.Go(a.accept)
	return a, nil
}

// Addr is the address that is listened on, as host:port.
func (a *Adapter) Addr() string { return a.listener.Addr().String() }

// Close stops listening, breaks off what is being answered and returns when
// nothing of it runs any more.
func (a *Adapter) Close() error {
	a.cancel()
	err := a.listener.Close()
	a.all.Wait()
	a.transport.CloseIdleConnections()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("ajp: close: %w", err)
	}
	return nil
}

// acceptPause follows an accept that failed for want of descriptors.
const acceptPause = 50 * time.Millisecond

func (a *Adapter) accept() {
	for {
		select {
		case a.places <- struct{}{}:
		case <-a.ctx.Done():
			return
		}
		c, err := a.listener.Accept()
		switch {
		case err == nil:
			a.all.Go(func() {
				defer func() { <-a.places }()
				newConn(a, c).serve()
			})
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		<-a.places
		select {
		case <-time.After(acceptPause):
		case <-a.ctx.Done():
			return
		}
	}
}

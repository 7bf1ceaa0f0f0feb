package reference

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

// crowd is how many clients come and go: COMETBENCH_CROWD, as make crowd sets
// it to a thousand, else as many as a usual test run has the time for.
var crowd = func() int {
	if n, err := strconv.Atoi(os.Getenv("COMETBENCH_CROWD")); err == nil && n > 1 {
		return n / 2 * 2
	}
	return 200
}()

// TestCrowdComesAndGoes: a crowd of clients of each technique is there at
// once; half of them are ended by the server, half leave. Then everything is as
// it was.
func TestCrowdComesAndGoes(t *testing.T) {
	if testing.Short() {
		t.Skip("it opens hundreds of connections for each technique")
	}
	for _, tech := range singles() {
		t.Run(tech.Name(), func(t *testing.T) {
			o := everywhere(t, Config{})
			join := o.visitor(tech)
			warm := join("warm-up", true) // what is made once and kept
			if tech.Info().Class != Poll {
				o.awaitSubscribers("warm-up", 1)
			}
			o.publish("warm-up")
			warm()
			session, _ := o.transport("channel=warm-up") // QUIC serves by now
			session.CloseWithError(0, "")
			o.settles(footprint{goroutines: crowd, descriptors: crowd})
			before := o.footprint()

			ends := make([]func(), crowd)
			atOnce(crowd, func(n int) { ends[n] = join("crowd", n%2 == 0) })
			if tech.Info().Class != Poll {
				o.awaitSubscribers("crowd", crowd)
			}
			atOnce(crowd/2, func(n int) { ends[2*n+1]() })
			o.publish("crowd")
			atOnce(crowd/2, func(n int) { ends[2*n]() })
			o.settles(before)
		})
	}
}

// atOnce calls f for each of n, some at a time: more would overflow the queues
// of a listener, of which QUIC's has 32 places.
func atOnce(n int, f func(int)) {
	var all sync.WaitGroup
	places := make(chan struct{}, 16)
	for i := range n {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			f(i)
		})
	}
	all.Wait()
}

// visitor returns what makes one client of a technique: it subscribes and
// returns what ends it. One that stays waits for the server to end it after a
// message; one that does not closes its connection.
func (o *origin) visitor(tech Technique) func(channel string, stays bool) (end func()) {
	switch tech.Name() {
	case "websocket":
		return o.socketVisitor()
	case "webtransport":
		return o.transportVisitor()
	}
	info := tech.Info()
	return func(channel string, stays bool) func() {
		conn, err := net.Dial("tcp", o.plain)
		if err != nil {
			o.t.Error(err)
			return func() {}
		}
		fmt.Fprintf(conn, "%s /t/%s?channel=%s&limit=1&length=2000&callback=f&nonce=x HTTP/1.1\r\nHost: o\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", info.Methods[0], tech.Name(), channel)
		body := bufio.NewReader(conn)
		if info.Class == Stream { // the head and the hello are there
			for line := ""; !strings.Contains(line, `"hello"`); {
				if line, err = body.ReadString('\n'); err != nil {
					o.t.Error(err)
					break
				}
			}
		}
		return func() {
			if stays {
				_, _ = io.Copy(io.Discard, body)
			}
			conn.Close()
		}
	}
}

func (o *origin) socketVisitor() func(channel string, stays bool) func() {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(channel string, stays bool) func() {
		conn, _, err := websocket.Dial(context.Background(), "http://"+o.plain+"/t/websocket?limit=1&channel="+channel, &websocket.DialOptions{HTTPClient: client})
		if err != nil {
			o.t.Error(err)
			return func() {}
		}
		return func() {
			for stays {
				_, _, err := conn.Read(context.Background())
				stays = err == nil
			}
			conn.CloseNow()
		}
	}
}

// transportVisitor is a QUIC connection for each session, but all on one
// socket: a thousand sockets would measure the kernel.
func (o *origin) transportVisitor() func(channel string, stays bool) func() {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	shared := &quic.Transport{Conn: pc}
	d := &webtransport.Transport{TLSClientConfig: trusting(), DialAddr: func(ctx context.Context, addr string, tlsConf *tls.Config, conf *quic.Config) (*quic.Conn, error) {
		to, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return nil, err
		}
		return shared.DialEarly(ctx, to, tlsConf, conf)
	}}
	o.t.Cleanup(func() {
		d.Close()
		shared.Close()
		pc.Close()
	})
	return func(channel string, stays bool) func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, session, err := d.Dial(ctx, "https://"+o.encrypted+"/t/webtransport?limit=1&channel="+channel, http.Header{})
		if err != nil {
			o.t.Error(err)
			return func() {}
		}
		stream, err := session.AcceptUniStream(ctx)
		if err != nil {
			o.t.Error(err)
		}
		return func() {
			if stays {
				_, _ = io.Copy(io.Discard, stream)
			}
			session.CloseWithError(0, "")
		}
	}
}

// footprint is what the process holds.
type footprint struct{ goroutines, descriptors, subscribers, connections int }

func (o *origin) footprint() footprint {
	subscribers, _ := o.hub.count()
	open, _ := filepath.Glob("/proc/self/fd/*") // none where there is no /proc
	return footprint{runtime.NumGoroutine(), len(open), subscribers, int(o.open.Load())}
}

// settles waits until the process holds no more than before.
func (o *origin) settles(before footprint) {
	o.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		now := o.footprint()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.subscribers == 0 && now.connections <= before.connections {
			return
		}
		if time.Now().After(deadline) {
			o.t.Errorf("before %+v, afterwards %+v", before, now)
			return
		}
	}
}

// awaitSubscribers waits until a channel has so many.
func (o *origin) awaitSubscribers(channel string, n int) {
	for deadline := time.Now().Add(20 * time.Second); o.hub.Subscribers(channel) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Errorf("%d of %d subscribers", o.hub.Subscribers(channel), n)
			return
		}
	}
}

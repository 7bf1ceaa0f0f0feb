package proxies

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// streams is how many are open at once.
const streams = 200

// timedPath is a way from a client to the origin.
type timedPath struct{ name, at string }

// message is 100 bytes: the stream's number, its own, and when it was due, in
// nanoseconds since the start.
const message = 100

// timedOrigin writes messages on streams when it is told to.
type timedOrigin struct {
	at    string
	start time.Time
	mu    sync.Mutex
	conns map[int]net.Conn
	ready chan struct{}
}

func newTimedOrigin(t *testing.T) *timedOrigin {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &timedOrigin{at: l.Addr().String(), start: time.Now(), conns: map[int]net.Conn{}, ready: make(chan struct{}, streams)}
	t.Cleanup(func() { l.Close(); o.drop() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go o.open(c)
		}
	}()
	return o
}

func (o *timedOrigin) open(c net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		c.Close()
		return
	}
	var i int
	_, _ = fmt.Sscanf(request.URL.Path, "/%d", &i)
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conns[i] = c
	o.ready <- struct{}{}
}

func (o *timedOrigin) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, c := range o.conns {
		c.Close()
		delete(o.conns, i)
	}
}

// publish writes count messages, evenly over the streams and at a steady rate
// a second, each due at a time that does not wait for the ones before.
func (o *timedOrigin) publish(rate, count int) {
	frame := append([]byte("64\r\n"), make([]byte, message+2)...)
	copy(frame[4+message:], "\r\n")
	began := time.Now()
	for n := range count {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		body := frame[4:]
		binary.BigEndian.PutUint32(body, uint32(n%streams))
		binary.BigEndian.PutUint32(body[4:], uint32(n/streams))
		binary.BigEndian.PutUint64(body[8:], uint64(due.Sub(o.start)))
		o.mu.Lock()
		c := o.conns[n%streams]
		o.mu.Unlock()
		if _, err := c.Write(frame); err != nil {
			return
		}
	}
}

// taken is what one round of one path showed.
type taken struct {
	delays           []float64 // milliseconds
	lost, disordered int
	merged           int // messages that came in one read with another
}

func (o *timedOrigin) round(t *testing.T, at string, rate, count int) taken {
	var all taken
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range streams {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
		want := (count - i + streams - 1) / streams
		wg.Go(func() {
			defer c.Close()
			own := o.receive(c, i, want)
			mu.Lock()
			defer mu.Unlock()
			all.delays = append(all.delays, own.delays...)
			all.lost, all.disordered, all.merged = all.lost+own.lost, all.disordered+own.disordered, all.merged+own.merged
		})
		<-o.ready
	}
	o.publish(rate, count)
	wg.Wait()
	o.drop()
	return all
}

// receive reads want messages of stream i.
func (o *timedOrigin) receive(c net.Conn, i, want int) (own taken) {
	counted := &lastRead{Conn: c}
	resp, err := http.ReadResponse(bufio.NewReader(counted), nil)
	body := make([]byte, message)
	read := -1
	for n := 0; n < want && err == nil; n++ {
		if _, err = io.ReadFull(resp.Body, body); err != nil {
			break
		}
		due := time.Duration(binary.BigEndian.Uint64(body[8:]))
		own.delays = append(own.delays, float64(counted.at.Sub(o.start)-due)/1e6)
		if int(binary.BigEndian.Uint32(body)) != i || int(binary.BigEndian.Uint32(body[4:])) != n {
			own.disordered++
		}
		if counted.reads == read {
			own.merged++
		}
		read = counted.reads
	}
	own.lost = want - len(own.delays)
	return own
}

// lastRead notes when bytes came last, and how often.
type lastRead struct {
	net.Conn
	at    time.Time
	reads int
}

func (c *lastRead) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.at = time.Now()
	c.reads++
	return n, err
}

// delays sends messages by each path in turn, and wants the hop to add less
// than 0.3 ms at the median, to lose none and to keep their order.
func delays(t *testing.T, o *timedOrigin, paths []timedPath, rate, rounds int) {
	medians := map[string][]float64{}
	total := map[string]taken{}
	for range rounds {
		for _, p := range paths {
			got := o.round(t, p.at, rate, rate*2)
			if len(got.delays) == 0 {
				t.Fatalf("%s: nothing came", p.name)
			}
			slices.Sort(got.delays)
			medians[p.name] = append(medians[p.name], got.delays[len(got.delays)/2])
			sum := total[p.name]
			sum.delays = append(sum.delays, got.delays...)
			sum.lost, sum.disordered, sum.merged = sum.lost+got.lost, sum.disordered+got.disordered, sum.merged+got.merged
			total[p.name] = sum
		}
	}
	for _, p := range paths {
		var added []float64
		for i, m := range medians[p.name] {
			added = append(added, m-medians["direct"][i])
		}
		low, mid, high := interval(added)
		_, own, _ := interval(medians[p.name])
		sum := total[p.name]
		t.Logf("%d streams, %d messages/s in all, %s: median %.3f ms, adds %.3f ms (%.3f to %.3f, %d rounds); of %d messages %d lost, %d out of order, %d in one read with another",
			streams, rate, p.name, own, mid, low, high, rounds, len(sum.delays)+sum.lost, sum.lost, sum.disordered, sum.merged)
		if p.name != "transparent" {
			continue
		}
		if sum.lost+sum.disordered > 0 {
			t.Errorf("%d lost, %d out of order", sum.lost, sum.disordered)
		}
		if rate <= 1000 && mid >= 0.3 {
			t.Errorf("it adds %.3f ms at the median", mid)
		}
	}
}

package clients

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// The request of HTTP/1.0, byte by byte.
func TestHTTP10Request(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	request := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			close(request)
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		var b strings.Builder
		for {
			line, err := in.ReadString('\n')
			b.WriteString(line)
			if err != nil || line == "\r\n" {
				break
			}
		}
		body := make([]byte, 3)
		_, _ = io.ReadFull(in, body)
		b.Write(body)
		_, _ = io.WriteString(c, "HTTP/1.0 410 Gone\r\n\r\n")
		request <- b.String()
	}()
	receive(t, measure.Subscription{Technique: "piggyback", After: "e1-4", Target: measure.Target{
		URL: "http://" + l.Addr().String() + "/t/piggyback?channel=c", HTTP: "1.0", Body: []byte("abc"),
		Header: http.Header{"User-Agent": {"x"}},
	}}, nil)
	wire := strings.Join([]string{
		"POST /t/piggyback?after=e1-4&channel=c HTTP/1.0", "Host: " + l.Addr().String(), "Accept: */*",
		"Accept-Encoding: gzip, deflate", "Accept-Language: en-US,en;q=0.9", "Connection: close", "Content-Length: 3",
		"Content-Type: text/plain;charset=UTF-8", "User-Agent: x", "", "abc"}, "\r\n")
	if got := <-request; got != wire {
		t.Errorf("got\n%s\nwant\n%s", got, wire)
	}
}

// Polls over HTTP/1.0 open a connection for each answer.
func TestHTTP10Polls(t *testing.T) {
	n := 0
	s := at("short-poll", serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 3 {
			w.WriteHeader(http.StatusGone)
			return
		}
		if r.Proto != "HTTP/1.0" {
			t.Errorf("asked by %s", r.Proto)
		}
		w.Header().Set("Content-Type", "application/json")
		say(w, "["+msg1+"]") // no length: ended by the close
	}))
	s.Target.HTTP, s.Resume = "1.0", true
	want(t, receive(t, s, nil),
		"dial #1", "headers 200 HTTP/1.0 application/json", "message e1-1", "end fin",
		"dial #2", "headers 200 HTTP/1.0 application/json #2", "message e1-1 #2", "end fin #2",
		"dial #3", "headers 410 HTTP/1.0 #3", "end status terminated #3")
}

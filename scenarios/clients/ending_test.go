package clients

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// chunkOf is s as one chunk.
func chunkOf(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// How an answer can end on the wire, and what the client says of it.
func TestEndings(t *testing.T) {
	const (
		chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
		sized   = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
		closed  = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	)
	chunk := chunkOf(beat + "\n")
	for _, c := range []struct {
		name   string
		answer string
		reset  bool
		want   []string
	}{
		{"final chunk", chunked + chunk + "0\r\n\r\n", false, []string{"heartbeat", "end clean"}},
		{"cut between chunks", chunked + chunk, false, []string{"heartbeat", "end fin"}},
		{"cut in a chunk", chunked + chunk + chunk[:20], false,
			[]string{"heartbeat", `error ended within a message, after 16 bytes: {"control":"hear`, "end fin"}},
		{"reset between chunks", chunked + chunk, true, []string{"heartbeat", "end rst"}},
		{"malformed chunk", chunked + chunk + "zz\r\n", false, []string{"heartbeat", "error read answer: invalid byte in chunk length"}},
		{"length reached", sized + "34\r\n\r\n" + beat + "\n", false, []string{"heartbeat", "end clean"}},
		{"length not reached", sized + "35\r\n\r\n" + beat + "\n", false, []string{"heartbeat", "end fin"}},
		{"ended by the close", closed + beat + "\n", false, []string{"heartbeat", "end fin"}},
		{"end notice, then the close", closed + done + "\n", false, []string{"end clean recycle-bytes"}},
		{"end notice, then a cut", chunked + chunkOf(done+"\n"), false, []string{"end clean recycle-bytes"}},
		{"end notice, then half of something", chunked + chunkOf(done+"\n"+beat[:10]), false, []string{"end clean recycle-bytes"}},
		{"nothing at all", "", false, []string{"error EOF", "end fin"}},
		{"half a head", "HTTP/1.1 200 OK\r\nX: y\r\n", false, []string{"error net/http: HTTP/1.x transport connection broken: unexpected EOF", "end fin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			release := make(chan struct{}, 1)
			s := at("xhr-streaming", rawOrigin(t, func(_ *http.Request, conn net.Conn) {
				_, _ = io.WriteString(conn, c.answer)
				if c.reset {
					<-release // a reset overtakes what the client has not read
					reset(conn)
				}
			}))
			got := receive(t, s, func(e measure.Event) {
				if e.Kind == measure.Heartbeat {
					release <- struct{}{}
				}
			})
			lines := []string{"dial #1"}
			if strings.Contains(c.answer, "\r\n\r\n") {
				version := c.answer[len("HTTP/"):len("HTTP/1.1")]
				lines = append(lines, "headers 200 HTTP/"+version+" text/plain")
			}
			want(t, got, append(lines, c.want...)...)
		})
	}
}

// A poll whose answer was cut is not shown, however much of it came.
func TestCutPolls(t *testing.T) {
	body := "[" + msg1 + "]"
	for name, c := range map[string]struct {
		answer string
		want   []string
	}{
		"whole, ended by the close": {"HTTP/1.0 200 OK\r\n\r\n" + body, []string{"headers 200 HTTP/1.0", "message e1-1", "end fin"}},
		"cut at the last byte": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkOf(body),
			[]string{"headers 200 HTTP/1.1", "error answer cut after 71 bytes: unexpected EOF", "end fin"}},
		"cut by a close that looks proper": {"HTTP/1.0 200 OK\r\n\r\n" + body[:20],
			[]string{"headers 200 HTTP/1.0", `error answer of 20 bytes: not a JSON array: [{"channel":"c","id"`, "end fin"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := receive(t, at("long-poll", rawOrigin(t, func(_ *http.Request, conn net.Conn) {
				_, _ = io.WriteString(conn, c.answer)
			})), nil)
			want(t, got, append([]string{"dial #1"}, c.want...)...)
		})
	}
}

func TestRefusals(t *testing.T) {
	answer := func(status int, contentType, body string) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	page := strings.Repeat("<h1>502 Bad Gateway</h1>\n", 100)
	refused := []string{"dial #1", "headers 502 HTTP/1.1 text/html",
		"error status 502 Bad Gateway: " + excerpt([]byte(page)), "end status"}
	want(t, receive(t, at("xhr-streaming", answer(502, "text/html", page)), nil), refused...)

	// For an EventSource it is final, whether it may come back or not.
	s := at("eventsource", answer(502, "text/html", page))
	s.Resume = true
	want(t, receive(t, s, nil), refused...)

	s = at("eventsource", answer(200, "text/html; charset=utf-8", "<p>log in first"))
	s.Resume = true
	want(t, receive(t, s, nil), "dial #1", "headers 200 HTTP/1.1 text/html; charset=utf-8",
		`error content type "text/html; charset=utf-8" is not text/event-stream: <p>log in first`)

	// Over is over.
	for technique, status := range map[string]int{"eventsource": 204, "long-poll": 410} {
		s = at(technique, answer(status, "text/plain", ""))
		s.Resume = true
		got := receive(t, s, nil)
		if !strings.HasSuffix(got, "end status terminated") || strings.Contains(got, "error") {
			t.Errorf("%s: got\n%s", technique, got)
		}
	}
	want(t, receive(t, at("multipart", answer(200, "text/html", "<p>")), nil),
		"dial #1", "headers 200 HTTP/1.1 text/html", `error decode multipart: content type "text/html" has no usable boundary`)
}

// An error page that never ends must not hold the client up.
func TestEndlessErrorPage(t *testing.T) {
	t.Parallel() // it waits for a second
	for _, version := range []string{"1.0", "1.1"} {
		s := at("xhr-streaming", rawOrigin(t, func(_ *http.Request, conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 No\r\n\r\nwait")
			_, _ = conn.Read(make([]byte, 1))
		}))
		s.Target.HTTP = version
		want(t, receive(t, s, nil), "dial #1", "headers 500 HTTP/1.1", "error status 500 No: wait", "end status")
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, technique := range []string{"xhr-streaming", "websocket"} {
		got := receive(t, at(technique, "http://"+address), nil)
		if !strings.HasPrefix(got, "error ") || !strings.Contains(got, "connection refused") || strings.Contains(got, "\n") {
			t.Errorf("%s: got\n%s", technique, got)
		}
	}
}

func TestRedirects(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		say(w, event(msg1, "e1-1"))
	})
	got := receive(t, at("eventsource", u), nil)
	want(t, got, "dial #1", "headers 307 HTTP/1.1 text/html; charset=utf-8 redirect to "+u+"/there",
		"headers 200 HTTP/1.1 text/event-stream", "message e1-1", "end clean")

	u = serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	if got := receive(t, at("eventsource", u), nil); !strings.Contains(got, "error more than 20 redirects") {
		t.Errorf("got\n%s", got)
	}
}

// Stamps are taken when the bytes came, not when the exchange was over.
func TestStamps(t *testing.T) {
	release := make(chan struct{}, 1)
	var middle int64
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		say(w, msg1+"\n")
		<-release
		middle = time.Now().UnixMicro()
		say(w, msg2+"\n")
	})
	var stamps []int64
	receive(t, at("xhr-streaming", u), func(e measure.Event) {
		if e.Kind == measure.Received {
			stamps = append(stamps, e.T)
			select {
			case release <- struct{}{}:
			default:
			}
		}
	})
	if len(stamps) != 2 || stamps[0] > middle || stamps[1] < middle {
		t.Errorf("stamps %d, between them %d", stamps, middle)
	}
}

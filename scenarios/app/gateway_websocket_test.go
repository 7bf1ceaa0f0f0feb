package app_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestGatewayWebSocket: messages of both directions pass, the application's
// are written down, fragments as one, pings as heartbeats.
func TestGatewayWebSocket(t *testing.T) {
	origins := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origins <- r.Header.Get("Origin")
		c, err := websocket.Accept(w, r, nil) // it wants an Origin of its own host
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx := r.Context()
		_, question, err := c.Read(ctx)
		if err != nil {
			return
		}
		_ = c.Write(ctx, websocket.MessageText, append([]byte("echo "), question...))
		out, err := c.Writer(ctx, websocket.MessageBinary)
		if err != nil {
			return
		}
		for range 3 { // fragments
			_, _ = out.Write([]byte(strings.Repeat("x", 70_000)))
		}
		_ = out.Close()
		_ = c.Write(ctx, websocket.MessageText, []byte("bye"))
		_ = c.Close(websocket.StatusNormalClosure, "")
	}))
	defer srv.Close()
	g := gateway(t, &app.Spec{URL: strings.Replace(srv.URL, "http", "ws", 1), End: "bye"}, 0)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, g.URL().String(), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {g.URL().String()}}})
	if err != nil {
		t.Fatal(err, resp)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{len("echo hello"), 210_000, len("bye")} {
		if _, got, err := c.Read(ctx); err != nil || len(got) != want {
			t.Errorf("%d bytes, %v, want %d", len(got), err, want)
		}
	}
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Error(err)
	}
	if origin := <-origins; origin != srv.URL {
		t.Errorf("origin %q", origin)
	}
	if got := recorded(t, g); got != "headers(GET 1.1 101) write(1) write(2) end(clean bye)" {
		t.Error(got)
	}
	if g.Record()[1].Bytes != len("echo hello") || g.Record()[2].Bytes != 210_000 || g.Record()[0].Note != "" {
		t.Errorf("%+v", g.Record())
	}
}

// TestGatewayFrames reads frames along that a library would not send.
func TestGatewayFrames(t *testing.T) {
	const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	for name, tt := range map[string]struct{ frames, want string }{
		"a ping between fragments":  {"\x01\x02ab\x89\x00\x80\x02cd", "heartbeat write(1) end(fin)"},
		"masked":                    {"\x81\x82\x01\x02\x03\x04" + string([]byte{'o' ^ 1, 'k' ^ 2}), "write(1) end(fin)"},
		"a length that is too long": {"\x81\x02ok\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "write(1) end(fin)"},
		"a close frame":             {"\x88\x02\x03\xe8\x81\x02no", "end(clean)"},
		"cut in a frame":            {"\x81\x02ok\x81\x05no", "write(1) end(fin)"},
	} {
		url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
			if _, err := http.ReadRequest(in); err == nil {
				_, _ = io.WriteString(c, switched+tt.frames)
			}
		})
		g := gateway(t, &app.Spec{URL: url, Framing: "websocket"}, 0)
		c := dial(t, g)
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		if passed, _ := io.ReadAll(c); string(passed) != switched+tt.frames {
			t.Errorf("%s: passed %q", name, passed)
		}
		if got := recorded(t, g); got != "headers(GET 1.1 101) "+tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestGatewayAfterRefusedUpgrade: what follows on the connection is another
// request, counted and rewritten like any.
func TestGatewayAfterRefusedUpgrade(t *testing.T) {
	hosts := make(chan string, 9)
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			hosts <- req.Host
			_, _ = io.WriteString(c, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
		}
	})
	g := gateway(t, &app.Spec{URL: url, Framing: "websocket"}, 2)
	c := dial(t, g)
	in := bufio.NewReader(c)
	for n, head := range []string{"Upgrade: websocket\r\n", "", ""} {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"+head+"\r\n")
		resp, err := http.ReadResponse(in, nil)
		if (err == nil) != (n < 2) {
			t.Fatalf("request %d: %v", n+1, err)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
	}
	// The second request may come before the first answer is written down.
	if got := recorded(t, g); strings.Count(got, "headers(GET 1.1 426)") != 2 || strings.Count(got, "end(clean)") != 2 {
		t.Error(got)
	}
	var notes []string
	for _, e := range g.Record() {
		if e.Kind == measure.Headers {
			notes = append(notes, e.Note)
		}
	}
	if len(notes) != 2 || notes[0] != "" || notes[1] != "without Upgrade" {
		t.Errorf("%q", notes)
	}
	for range 2 {
		if host := <-hosts; "http://"+host != url {
			t.Errorf("host %q", host)
		}
	}
	if len(hosts) > 0 {
		t.Error("a third request reached the application")
	}
}

package app_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// nodeAnswer is a whole answer.
type nodeAnswer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// nodeClient asks, keeps encodings as they come, and follows no redirect.
func nodeClient(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// askNode sends a GET, or a POST if there is a body. Headers are name, value pairs.
func askNode(t *testing.T, client *http.Client, target, body string, headers ...string) nodeAnswer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if body != "" {
		req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return nodeAnswer{resp.StatusCode, resp.Header, string(b), err}
}

// nodeMessage is a message of the server.
type nodeMessage struct {
	N    int
	T    int64 // Unix milliseconds
	Text string
}

// nodeEvents are the data of an event stream, and whether [DONE] came last.
func nodeEvents(t *testing.T, body string) (data []string, done bool) {
	t.Helper()
	for event := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		text, ok := strings.CutPrefix(event, "data: ")
		if !ok || done {
			t.Fatalf("event %q", event)
		}
		if done = text == "[DONE]"; !done {
			data = append(data, text)
		}
	}
	return data, done
}

// nodeNumbers are the numbers and times of messages.
func nodeNumbers(t *testing.T, data []string) (n []int, times []int64) {
	t.Helper()
	for _, text := range data {
		var m nodeMessage
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Text != fmt.Sprintf("message %d", m.N) {
			t.Fatalf("message %q: %v", text, err)
		}
		n, times = append(n, m.N), append(times, m.T)
	}
	return n, times
}

// TestNodeServer asks each endpoint and looks whether it is as good or as bad
// as it is said to be.
func TestNodeServer(t *testing.T) {
	base := startNode(t)
	for name, test := range map[string]func(*testing.T, string){
		"answers": nodeAnswers, "lines": nodeLines, "waits": nodeWaits, "tokens": nodeTokens,
		"compresses": nodeCompresses, "truncates": nodeTruncates, "websocket": nodeWebSocket,
	} {
		t.Run(name, func(t *testing.T) { test(t, base) })
	}
}

func nodeAnswers(t *testing.T, base string) {
	client := nodeClient(t)
	const sse, ndjson, page = "text/event-stream", "application/x-ndjson", "text/html; charset=utf-8"
	four := []int{1, 2, 3, 4}
	for _, tt := range []struct {
		target  string
		headers []string
		status  int
		kind    string
		want    []int // numbers of the messages of an event stream
		done    bool
		login   bool // a login page and nothing else
	}{
		{"/sse?n=4&gap=1", nil, 200, sse, four, true, false},
		{"/silent?n=4&gap=1&silence=2", nil, 200, sse, four, true, false},
		{"/slow-first?n=4&gap=1&ms=2", nil, 200, sse, four, true, false},
		{"/liar-json?n=4&gap=1", nil, 200, ndjson, four, true, false},
		{"/disorder?gap=1", nil, 200, sse, []int{1, 2, 4, 3, 5, 5, 6, 8, 9, 10}, true, false},
		{"/truncated?n=8&gap=1&clean=1", nil, 200, sse, four, false, false},
		{"/cookie?n=4&gap=1", []string{"Cookie", "a=b; session=s3"}, 200, sse, four, true, false},
		{"/auth?n=4&gap=1", []string{"Authorization", "Bearer " + nodeSecret}, 200, sse, four, true, false},
		{"/gzip?n=4&gap=1", nil, 200, sse, four, true, false}, // it was not asked to compress
		{"/cookie", []string{"Cookie", "a=b; mysession=s3"}, 401, page, nil, false, true},
		{"/auth", []string{"Authorization", "Bearer guess"}, 401, "application/json", nil, false, false},
		{"/redirect", nil, 302, page, nil, false, false},
		{"/login", nil, 200, page, nil, false, true},
		{"/login401", nil, 401, page, nil, false, true},
		{"/liar-html", nil, 200, sse, nil, false, true},
		{"/websocket", nil, 426, "text/plain", nil, false, false},
		{"/sse?n=four", nil, 400, "text/plain", nil, false, false},
		{"/nowhere", nil, 404, "text/plain", nil, false, false},
	} {
		t.Run(tt.target[1:], func(t *testing.T) {
			got := askNode(t, client, base+tt.target, "", tt.headers...)
			if got.status != tt.status || got.header.Get("Content-Type") != tt.kind || got.err != nil {
				t.Errorf("%d %v: %v", got.status, got.header, got.err)
			}
			if tt.want != nil {
				data, done := nodeEvents(t, got.body)
				if n, _ := nodeNumbers(t, data); !slices.Equal(n, tt.want) || done != tt.done {
					t.Errorf("messages %v, done %v", n, done)
				}
			}
			if login := strings.HasPrefix(got.body, "<!doctype html>"); login != tt.login {
				t.Errorf("body %q", got.body)
			}
			if got.status == 302 && got.header.Get("Location") != "/login" {
				t.Errorf("leads to %q", got.header.Get("Location"))
			}
		})
	}
}

func nodeLines(t *testing.T, base string) {
	client := nodeClient(t)
	got := askNode(t, client, base+"/ndjson?n=3&gap=1", "")
	if n, _ := nodeNumbers(t, strings.Split(strings.TrimSuffix(got.body, "\n"), "\n")); got.header.Get("Content-Type") != "application/x-ndjson" || !slices.Equal(n, []int{1, 2, 3}) {
		t.Errorf("%v %q", got.header, got.body)
	}
	huge := askNode(t, client, base+"/huge", "")
	if huge.header.Get("Content-Type") != "text/event-stream" || len(huge.body) != 10_000_000 || strings.ContainsAny(huge.body, "\r\n") {
		t.Errorf("huge: %v, %d bytes", huge.header, len(huge.body))
	}
}

// nodeWaits: the server's own times show where it was silent.
func nodeWaits(t *testing.T, base string) {
	client := nodeClient(t)
	const early = 1 // ms that a timer of Node may be early by its clock
	data, _ := nodeEvents(t, askNode(t, client, base+"/silent?n=4&gap=0&silence=300", "").body)
	if _, at := nodeNumbers(t, data); at[2]-at[1] < 300-early {
		t.Errorf("silent for %d ms in the middle", at[2]-at[1])
	}
	before := time.Now()
	data, _ = nodeEvents(t, askNode(t, client, base+"/slow-first?ms=300&n=1", "").body)
	if _, at := nodeNumbers(t, data); at[0]-before.UnixMilli() < 300-early {
		t.Errorf("the first came after %d ms", at[0]-before.UnixMilli())
	}
	data, _ = nodeEvents(t, askNode(t, client, base+"/sse?n=3&gap=100", "").body)
	if _, at := nodeNumbers(t, data); at[1]-at[0] < 100-early || at[2]-at[1] < 100-early {
		t.Errorf("messages at %v", at)
	}
}

func nodeTokens(t *testing.T, base string) {
	client := nodeClient(t)
	for body, want := range map[string]int{"": 20, `{"max_tokens":7,"model":"m"}`: 7} {
		got := askNode(t, client, base+"/tokens?n=20", body)
		data, done := nodeEvents(t, got.body)
		tokens, finish := 0, ""
		for _, text := range data {
			var chunk struct {
				Object  string
				Choices []struct {
					Delta        struct{ Role, Content string }
					FinishReason string `json:"finish_reason"`
				}
			}
			if err := json.Unmarshal([]byte(text), &chunk); err != nil || chunk.Object != "chat.completion.chunk" || len(chunk.Choices) != 1 {
				t.Fatalf("chunk %q: %v", text, err)
			}
			if choice := chunk.Choices[0]; choice.Delta.Content != "" {
				tokens++
				if len(choice.Delta.Content) > 8 {
					t.Errorf("token %q", choice.Delta.Content)
				}
			} else {
				finish += choice.Delta.Role + choice.FinishReason
			}
		}
		if tokens != want || !done || finish != "assistantstop" || got.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%d tokens, done %v, %q, %v", tokens, done, finish, got.header)
		}
	}
	for _, body := range []string{"{", "7", "null"} {
		if got := askNode(t, client, base+"/tokens", body); got.status != 400 {
			t.Errorf("%s: %d %q", body, got.status, got.body)
		}
	}
}

func nodeCompresses(t *testing.T, base string) {
	client := nodeClient(t)
	const flushed = "\x00\x00\xff\xff" // the empty block that a flush ends with
	for query, want := range map[string]int{"n=4&gap=1": 4, "n=4&gap=1&flush=0": 0} {
		got := askNode(t, client, base+"/gzip?"+query, "", "Accept-Encoding", "br, gzip")
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil || got.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%v: %v", got.header, err)
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if data, done := nodeEvents(t, string(plain)); len(data) != 4 || !done || strings.Count(got.body, flushed) != want {
			t.Errorf("%s: %d messages, done %v, %d flushes", query, len(data), done, strings.Count(got.body, flushed))
		}
	}
}

func nodeTruncates(t *testing.T, base string) {
	client := nodeClient(t)
	got := askNode(t, client, base+"/truncated?n=8&gap=1", "")
	if data, done := nodeEvents(t, got.body); !errors.Is(got.err, io.ErrUnexpectedEOF) || len(data) != 4 || done {
		t.Errorf("%d messages, done %v, ends with %v", len(data), done, got.err)
	}
}

// TestNodeServerCounts: /never counts before it says nothing, and so the count
// shows that it was asked. Nothing that leaves early takes the server along.
func TestNodeServerCounts(t *testing.T) {
	base, client := startNode(t), nodeClient(t)
	counts := func() map[string]int {
		var n map[string]int
		if got := askNode(t, client, base+"/count", ""); json.Unmarshal([]byte(got.body), &n) != nil || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("count: %v %q", got.header, got.body)
		}
		return n
	}
	if n := counts(); len(n) != 0 {
		t.Errorf("at first: %v", n)
	}
	want := make(map[string]int)
	for _, path := range []string{"/sse", "/ndjson", "/tokens", "/silent", "/forever", "/huge", "/liar-json", "/truncated", "/disorder", "/slow-first", "/gzip"} {
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path+"?n=1000000&gap=1&ms=10", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		leave()
		resp.Body.Close()
		want[path]++
	}

	ctx, leave := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/never", nil)
		if err == nil {
			_, err = client.Do(req)
		}
		answered <- err
	}()
	for counts()["/never"] == 0 {
		select {
		case err := <-answered:
			t.Fatalf("never: %v", err)
		default:
		}
	}
	want["/never"]++
	leave()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("never: %v", err)
	}

	askNode(t, client, base+"/nowhere", "")
	askNode(t, client, base+"/sse?n=1", "")
	want["/sse"]++
	got := counts()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

func nodeWebSocket(t *testing.T, base string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	dial := func(query string) *websocket.Conn {
		conn, _, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/websocket?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.CloseNow() })
		return conn
	}
	conn := dial("n=4&gap=1")
	var texts []string
	for {
		kind, text, err := conn.Read(ctx)
		if err != nil {
			if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
				t.Errorf("ends with %v", err)
			}
			break
		}
		if kind != websocket.MessageText {
			t.Errorf("a message of kind %v", kind)
		}
		texts = append(texts, string(text))
	}
	if n, _ := nodeNumbers(t, texts); !slices.Equal(n, []int{1, 2, 3, 4}) {
		t.Errorf("messages %v", n)
	}

	leaver := dial("n=2&gap=60000")
	if _, _, err := leaver.Read(ctx); err != nil {
		t.Fatal(err)
	}
	if err := leaver.Ping(leaver.CloseRead(ctx)); err != nil {
		t.Errorf("ping: %v", err)
	}
	if err := leaver.Close(websocket.StatusNormalClosure, "enough"); err != nil {
		t.Errorf("close: %v", err)
	}
}

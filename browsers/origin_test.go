package browsers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/browsers/pages"
)

// origin is a scripted server that speaks every framing by hand. Each channel
// gets the same messages, ids e-1 to e-N.
type origin struct {
	*httptest.Server
	messages []string // data of each message, as JSON
	// instead answers request n (from 1) of a technique by itself, or returns false.
	instead func(w http.ResponseWriter, r *http.Request, n int) bool
	paths   map[string][]string // raw queries by path, in order
	protos  map[string][]string // versions of HTTP likewise
	held    chan string         // techniques whose request is held now
	left    chan string         // techniques whose client went away

	mu   sync.Mutex
	open int
	most int
}

func newOrigin(t *testing.T, messages ...string) *origin {
	t.Helper()
	if len(messages) == 0 {
		for n := range 5 {
			messages = append(messages, strconv.Itoa(n))
		}
	}
	o := &origin{messages: messages, paths: map[string][]string{}, protos: map[string][]string{}, held: make(chan string, 100), left: make(chan string, 100)}
	mux := http.NewServeMux()
	mux.Handle(pages.Prefix, pages.Handler())
	mux.HandleFunc("/t/{technique}", o.subscribe)
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Server.Close)
	return o
}

// url is where a technique is subscribed to.
func (o *origin) url(technique string) string {
	return o.Server.URL + "/t/" + technique + "?channel=c"
}

// queries returns the raw queries of a technique's requests so far.
func (o *origin) queries(technique string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.paths[technique]...)
}

// versions returns the versions of HTTP by which a technique was asked since
// the last call, each once.
func (o *origin) versions(technique string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := slices.Compact(slices.Sorted(slices.Values(o.protos[technique])))
	delete(o.protos, technique)
	return out
}

func (o *origin) message(n int) string {
	return fmt.Sprintf(`{"channel":"c","id":"e-%d","sent_us":1,"data":%s}`, n, o.messages[n-1])
}

const (
	hello = `{"control":"hello","epoch":"e","last":"e-0","at_us":1}`
	beat  = `{"control":"heartbeat","at_us":1}`
)

func (o *origin) subscribe(w http.ResponseWriter, r *http.Request) {
	technique := r.PathValue("technique")
	o.mu.Lock()
	o.paths[technique] = append(o.paths[technique], r.URL.RawQuery)
	o.protos[technique] = append(o.protos[technique], r.Proto)
	n := len(o.paths[technique])
	o.open++
	o.most = max(o.most, o.open)
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.open--
		o.mu.Unlock()
	}()
	if o.instead != nil && o.instead(w, r, n) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	next := 1
	position := r.URL.Query().Get("after")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		position = last
	}
	if _, seq, ok := strings.Cut(position, "-"); ok {
		n, _ := strconv.Atoi(seq)
		next = n + 1
	}
	switch technique {
	case "short-poll", "long-poll", "callback-poll", "piggyback":
		o.poll(w, r, technique, next)
	case "websocket":
		o.socket(w, r, next)
	default:
		o.stream(w, r, technique, next)
	}
}

// poll answers with one message at a time, then is held.
func (o *origin) poll(w http.ResponseWriter, r *http.Request, technique string, next int) {
	batch := "[]"
	if next <= len(o.messages) {
		batch = "[" + o.message(next) + "]"
	} else if technique != "short-poll" && technique != "piggyback" {
		o.held <- technique
		<-r.Context().Done()
		o.left <- technique
		return
	}
	switch technique {
	case "callback-poll":
		w.Header().Set("Content-Type", "application/javascript")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		batch = strings.NewReplacer("<", `\u003c`, "\u2028", `\u2028`, "\u2029", `\u2029`).Replace(batch)
		fmt.Fprintf(w, "/**/%s(%s);", r.URL.Query().Get("callback"), batch)
	case "piggyback":
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"reply":%d,"messages":%s}`, len(body), batch)
	default:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, batch)
	}
}

// stream sends what there is and holds the answer open.
func (o *origin) stream(w http.ResponseWriter, r *http.Request, technique string, next int) {
	f := framings[technique]
	w.Header().Set("Content-Type", f.contentType)
	if f.nosniff {
		w.Header().Set("X-Content-Type-Options", "nosniff")
	}
	say := func(line string) {
		io.WriteString(w, f.frame(line))
		w.(http.Flusher).Flush()
	}
	io.WriteString(w, f.open)
	say(hello)
	say(beat)
	for n := next; n <= len(o.messages); n++ {
		say(o.message(n))
	}
	o.held <- technique
	<-r.Context().Done()
	o.left <- technique
}

func (o *origin) socket(w http.ResponseWriter, r *http.Request, next int) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.CloseNow()
	say := func(line string) { _ = c.Write(r.Context(), websocket.MessageText, []byte(line)) }
	say(hello)
	for n := next; n <= len(o.messages); n++ {
		say(o.message(n))
	}
	o.held <- "websocket"
	_, _, _ = c.Read(r.Context())
	o.left <- "websocket"
}

// framing is one row of WIRE.md.
type framing struct {
	contentType string
	nosniff     bool
	open        string
	frame       func(line string) string
}

var scriptEscape = strings.NewReplacer("</", `<\/`, "<!--", `\u003c!--`, "\u2028", `\u2028`, "\u2029", `\u2029`)

func line(s string) string { return s + "\n" }

var framings = map[string]framing{
	"xhr-streaming":         {"text/plain; charset=utf-8", true, "", line},
	"early-close":           {"text/plain; charset=utf-8", true, "", line},
	"fetch-streaming":       {"application/x-ndjson", false, "", line},
	"content-length-stream": {"application/octet-stream", false, "", line},
	"forever-iframe": {"text/html; charset=utf-8", false, strings.Repeat(" ", 1023) + "\n", func(s string) string {
		return "<script>parent.cometbench(" + scriptEscape.Replace(s) + ")</script>\n"
	}},
	"forever-iframe-text": {"text/plain; charset=utf-8", true, strings.Repeat(" ", 1023) + "\n", line}, // WebKit shows no text before
	"multipart": {"multipart/x-mixed-replace; boundary=frontier", false, "preamble\r\n--frontier", func(s string) string {
		return fmt.Sprintf("\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n--frontier", len(s), s)
	}},
	"eventsource": {"text/event-stream", false, "retry: 50\n\n", func(s string) string {
		var m struct{ ID, Control, Last string }
		_ = json.Unmarshal([]byte(s), &m)
		switch m.Control {
		case "":
			return "data: " + s + "\nid: " + m.ID + "\n\n"
		case "hello":
			return "event: control\ndata: " + s + "\nid: " + m.Last + "\n\n"
		case "heartbeat":
			return ": heartbeat\n\n"
		}
		return "event: control\ndata: " + s + "\n\n"
	}},
}

func (o *origin) mostOpen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.most
}

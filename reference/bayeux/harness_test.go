package bayeux

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// got is a message as a client parses it.
type got map[string]any

func (g got) advice(field string) any {
	a, _ := g["advice"].(map[string]any)
	return a[field]
}

func (g got) ext(field string) any {
	e, _ := g["ext"].(map[string]any)
	return e[field]
}

// tester is one browser's hold on a server, without a network between.
type tester struct {
	t      *testing.T
	s      *Server
	cookie string
	id     string
	jsonp  string // callback-polling with this callback
	o      Options
}

// inBubble runs a test against a fresh server, in a bubble.
func inBubble(t *testing.T, c Config, test func(t *testing.T, b *tester)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, &tester{t: t, s: s})
	})
}

// another is another client of the same browser.
func (b *tester) another() *tester { return &tester{t: b.t, s: b.s, cookie: b.cookie} }

// stranger is a client of another browser.
func (b *tester) stranger() *tester { return &tester{t: b.t, s: b.s} }

// do makes one request and waits for its answer.
func (b *tester) do(ctx context.Context, text string) *httptest.ResponseRecorder {
	var r *http.Request
	if b.jsonp != "" {
		r = httptest.NewRequest(http.MethodGet, "/bayeux?"+url.Values{"message": {text}, "jsonp": {b.jsonp}}.Encode(), nil)
	} else {
		r = httptest.NewRequest(http.MethodPost, "/bayeux", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: BrowserCookie, Value: b.cookie})
	}
	w := httptest.NewRecorder()
	b.s.ServeWith(w, r.WithContext(ctx), b.o)
	for _, c := range w.Result().Cookies() {
		if c.Name == BrowserCookie {
			b.cookie = c.Value
		}
	}
	return w
}

// send sends messages, CLIENT in them being the session's id, and returns what
// came back.
func (b *tester) send(text string) []got {
	b.t.Helper()
	return b.parse(b.do(b.t.Context(), strings.ReplaceAll(text, "CLIENT", b.id)))
}

func (b *tester) parse(w *httptest.ResponseRecorder) []got {
	b.t.Helper()
	body := w.Body.String()
	if b.jsonp != "" {
		body = strings.TrimSuffix(strings.TrimPrefix(body, "/**/"+b.jsonp+"("), ");")
	}
	var all []got
	if err := json.Unmarshal([]byte(body), &all); w.Code != http.StatusOK || err != nil {
		b.t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return all
}

// shake shakes hands.
func (b *tester) shake(ext string) got {
	b.t.Helper()
	if ext == "" {
		ext = "{}"
	}
	all := b.send(`[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling","callback-polling"],"id":"1","ext":` + ext + `}]`)
	if len(all) != 1 || all[0]["successful"] != true {
		b.t.Fatalf("handshake: %v", all)
	}
	b.id = all[0]["clientId"].(string)
	return all[0]
}

func (b *tester) subscribe(pattern string) {
	b.t.Helper()
	all := b.send(`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"` + pattern + `"}`)
	if all[0]["successful"] != true || all[0]["subscription"] != pattern {
		b.t.Fatalf("subscribe: %v", all)
	}
}

func (b *tester) publish(channel, data string) {
	b.t.Helper()
	if err := b.s.Publish(nil, channel, []byte(data), ""); err != nil {
		b.t.Fatal(err)
	}
}

const connect = `{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","id":"9"}`

// held is a connect on its way.
type held struct {
	b      *tester
	cancel context.CancelFunc
	mu     sync.Mutex
	w      *httptest.ResponseRecorder
	done   chan struct{}
}

// hold sends a connect (or what else text is) and does not wait for the answer.
func (b *tester) hold(text string) *held {
	ctx, cancel := context.WithCancel(b.t.Context())
	h := &held{b: b, cancel: cancel, done: make(chan struct{})}
	text = strings.ReplaceAll(text, "CLIENT", b.id)
	go func() {
		defer close(h.done)
		w := b.do(ctx, text)
		h.mu.Lock()
		h.w = w
		h.mu.Unlock()
	}()
	synctest.Wait()
	return h
}

// answered reports whether the answer is there.
func (h *held) answered() bool {
	synctest.Wait()
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// wait waits for the answer.
func (h *held) wait() []got {
	h.b.t.Helper()
	<-h.done
	h.cancel()
	return h.b.parse(h.w)
}

// numbers are the n of the data of deliveries, in order.
func numbers(all []got) (out []int) {
	for _, m := range all {
		if data, ok := m["data"].(map[string]any); ok {
			out = append(out, int(data["n"].(float64)))
		}
	}
	return out
}

// form posts messages as a form does.
func (b *tester) form(texts []string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/bayeux/", strings.NewReader(url.Values{"message": texts}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: BrowserCookie, Value: b.cookie})
	w := httptest.NewRecorder()
	b.s.ServeHTTP(w, r)
	return w
}

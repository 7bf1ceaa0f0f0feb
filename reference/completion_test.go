package reference

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const hello = `{"model":"m","messages":[{"role":"user","content":"Hello"}],"stream":true}`

// chat is a request to the stand-in model.
func chat(query, body string) string {
	return fmt.Sprintf("POST /llm/v1/chat/completions?%s HTTP/1.1\r\nHost: origin\r\nAccept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", query, len(body), body)
}

// completionChunk is what a client of the API reads of a chunk.
type completionChunk struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Index int
		Delta struct {
			Role    string
			Content *string
		}
		FinishReason *string `json:"finish_reason"`
	}
	Cometbench struct {
		N      int
		DueUS  int64 `json:"due_us"`
		SentUS int64 `json:"sent_us"`
	}
}

// told is what a streamed completion says so far.
type told struct {
	chunks []completionChunk
	tokens []string
	finish string
	done   bool
	errors int
}

func (d told) text() string { return strings.Join(d.tokens, "") }

// listen reads a stream as its format has it: by events, not by chunks.
func listen(t *testing.T, body string) (d told) {
	t.Helper()
	events := strings.Split(body, "\n\n")
	for _, event := range events[:len(events)-1] { // the last is what has no end yet
		data, ok := strings.CutPrefix(event, "data: ")
		switch {
		case strings.HasPrefix(event, ":"):
			continue
		case !ok || strings.Contains(data, "\n") || d.done:
			t.Fatalf("event %q", event)
		case data == "[DONE]":
			d.done = true
			continue
		case strings.HasPrefix(data, `{"error":`):
			d.errors++
			continue
		}
		var c completionChunk
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		d.chunks = append(d.chunks, c)
		for _, choice := range c.Choices {
			if choice.Delta.Content != nil && choice.Delta.Role == "" {
				d.tokens = append(d.tokens, *choice.Delta.Content)
			}
			if choice.FinishReason != nil {
				d.finish = *choice.FinishReason
			}
		}
	}
	return d
}

func (c *client) told() told {
	c.t.Helper()
	return listen(c.t, c.body())
}

// TestCompletionWire compares whole answers with testdata/wire.
func TestCompletionWire(t *testing.T) {
	for name, request := range map[string]string{
		"completion.stream": chat("tokens=6&rate=10&first=1s&heartbeat=400ms", strings.Replace(hello, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true},"max_tokens":4`, 1)),
		"completion.whole":  chat("tokens=6&rate=10&first=1s", `{"model":"a\"<b>","messages":[{"role":"user","content":"Hello"}],"seed":7}`),
		"completion.cut":    chat("tokens=6&cut=2&accel=no&no_transform=1", hello),
		"completion.error":  chat("", `{"model":"m","messages":[],"stream":true}`),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				c := b.open(request)
				time.Sleep(5 * time.Second)
				checkGolden(t, name, visible(request)+"\n--\n"+visible(c.wire()))
			})
		})
	}
}

// TestCompletionPace asks on both sides of each moment: a token is there when
// it is due, and not a nanosecond before.
func TestCompletionPace(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		start := time.Now()
		c := b.open(chat("tokens=5&rate=4&first=3s", hello))
		if d := c.told(); len(d.chunks) != 1 || d.chunks[0].Choices[0].Delta.Role != "assistant" {
			t.Fatalf("at once: %+v", d)
		}
		for n := range 5 {
			due := start.Add(3*time.Second + time.Duration(n)*250*time.Millisecond)
			time.Sleep(time.Until(due) - 1)
			if d := c.told(); len(d.tokens) != n {
				t.Fatalf("before token %d there are %d", n+1, len(d.tokens))
			}
			time.Sleep(time.Nanosecond)
			d := c.told()
			if len(d.tokens) != n+1 {
				t.Fatalf("when token %d is due there are %d", n+1, len(d.tokens))
			}
			if m := d.chunks[n+1].Cometbench; m.N != n+2 || m.DueUS != due.UnixMicro() || m.SentUS != due.UnixMicro() {
				t.Errorf("chunk %d measures %+v, want %d", n+2, m, due.UnixMicro())
			}
		}
		if d := c.told(); !d.done || d.finish != "stop" {
			t.Errorf("end: %+v", d)
		}
	})
}

// TestCompletionVaries: without a rate the gaps stay between those of 100 and
// 20 tokens a second and use the room; every token is a chunk of its own.
func TestCompletionVaries(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open(chat("tokens=500", hello))
		time.Sleep(time.Minute)
		d := c.told()
		if len(d.tokens) != 500 || !d.done {
			t.Fatalf("%d tokens, done %v", len(d.tokens), d.done)
		}
		var gaps []int64
		sizes := make(map[int]bool)
		for n, token := range d.tokens {
			if len(token) < 1 || len(token) > 8 || !utf8.ValidString(token) {
				t.Errorf("token %q", token)
			}
			sizes[len(token)] = true
			if n > 0 {
				gaps = append(gaps, d.chunks[n+1].Cometbench.SentUS-d.chunks[n].Cometbench.SentUS)
			}
		}
		low, high := slices.Min(gaps), slices.Max(gaps)
		if low < 9_999 || high > 50_001 || low > 12_000 || high < 48_000 {
			t.Errorf("gaps from %d to %d us", low, high)
		}
		if len(sizes) != 8 {
			t.Errorf("sizes of tokens: %v", sizes)
		}
		for n, chunk := range d.chunks {
			if chunk.Cometbench.N != n+1 || chunk.ID != "chatcmpl-e7k2-1" || chunk.Object != "chat.completion.chunk" || chunk.Model != "m" || chunk.Created != 946684800 {
				t.Fatalf("chunk %d: %+v", n, chunk)
			}
		}
		if got, want := strings.Count(c.wire(), "\r\ndata: "), 1+500+1+1; got != want {
			t.Errorf("%d chunks of the transfer coding, want %d", got, want)
		}
	})
}

// TestCompletionSeed: a seed decides the text and the gaps, the rate only the
// gaps, and the whole answer says what the stream does.
func TestCompletionSeed(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		ask := func(query, body string) told {
			c := b.open(chat("tokens=40&"+query, body))
			time.Sleep(10 * time.Second)
			return c.told()
		}
		dues := func(d told) (out []int64) {
			for _, c := range d.chunks {
				out = append(out, c.Cometbench.DueUS-d.chunks[0].Cometbench.DueUS)
			}
			return out
		}
		withSeed := func(seed string) string { return strings.Replace(hello, "{", `{"seed":`+seed+`,`, 1) }
		one, again, other, fast := ask("seed=5", hello), ask("seed=5", hello), ask("seed=6", hello), ask("seed=5&rate=100", hello)
		if one.text() != again.text() || !slices.Equal(dues(one), dues(again)) {
			t.Error("equal seeds differ")
		}
		if one.text() == other.text() || slices.Equal(dues(one), dues(other)) {
			t.Error("different seeds do not differ")
		}
		if one.text() != fast.text() {
			t.Error("the rate changes the text")
		}
		if got := ask("", withSeed("5")); got.text() != one.text() {
			t.Error("the seed of the body is not used")
		}
		if got := ask("seed=5", withSeed("6")); got.text() != one.text() {
			t.Error("the seed of the query does not come first")
		}
		if got := ask("", withSeed("-6")); got.text() == one.text() || got.text() == other.text() {
			t.Error("a negative seed is not one of its own")
		}
		if first, second := ask("", hello), ask("", withSeed("null")); first.text() != second.text() || first.text() == one.text() {
			t.Error("without a seed it is not the usual one")
		}
	})
}

// TestCompletionWhole: without stream the same text comes in one piece, as late
// as the stream would have ended.
func TestCompletionWhole(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		stream := b.open(chat("tokens=10&rate=2&first=1s&seed=3", hello))
		whole := b.open(chat("tokens=10&rate=2&first=1s&seed=3&compress=gzip", strings.Replace(hello, `,"stream":true`, ``, 1)))
		time.Sleep(5500*time.Millisecond - 1)
		if got := whole.wire(); got != "" {
			t.Fatalf("answered early: %q", got)
		}
		time.Sleep(time.Nanosecond)
		resp, body, complete := whole.answer()
		plain, err := gunzip(body)
		if err != nil || !complete || resp.ContentLength != int64(len(body)) || resp.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%v %v complete %v: %v", resp.Status, resp.Header, complete, err)
		}
		var got struct {
			Object  string
			Choices []struct {
				Message      struct{ Role, Content string }
				FinishReason string `json:"finish_reason"`
			}
			Usage map[string]int
		}
		if err := json.Unmarshal([]byte(plain), &got); err != nil {
			t.Fatal(err)
		}
		d := stream.told()
		if m := got.Choices[0].Message; got.Object != "chat.completion" || m.Role != "assistant" || m.Content != d.text() || got.Choices[0].FinishReason != "stop" || !d.done {
			t.Errorf("whole %+v, stream %+v", got, d)
		}
		if got.Usage["prompt_tokens"] != 2 || got.Usage["completion_tokens"] != 10 || got.Usage["total_tokens"] != 12 {
			t.Errorf("usage %v", got.Usage)
		}
	})
}

func gunzip(s string) (string, error) {
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(z)
	return string(plain), err
}

// TestCompletionLimits: max_tokens under either name ends a completion, and an
// empty one is whole.
func TestCompletionLimits(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for _, tt := range []struct {
			query, extra string
			tokens       int
			finish       string
		}{
			{"tokens=5", ``, 5, "stop"},
			{"tokens=5", `"max_tokens":5,`, 5, "stop"},
			{"tokens=5", `"max_tokens":4,`, 4, "length"},
			{"tokens=5", `"max_completion_tokens":3,"max_tokens":4,`, 3, "length"},
			{"tokens=0", `"temperature":0.5,"tools":[{}],"n":1,"max_tokens":null,`, 0, "stop"},
		} {
			c := b.open(chat(tt.query, strings.Replace(hello, "{", "{"+tt.extra, 1)))
			time.Sleep(time.Second)
			if d := c.told(); len(d.tokens) != tt.tokens || d.finish != tt.finish || !d.done {
				t.Errorf("%s %s: %d tokens, %q, done %v", tt.query, tt.extra, len(d.tokens), d.finish, d.done)
			}
		}
	})
}

func TestCompletionHead(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		late := b.open(chat("tokens=2&first=2s&head=late&heartbeat=500ms", hello))
		time.Sleep(2*time.Second - 1)
		if got := late.wire(); got != "" {
			t.Fatalf("before the first token: %q", got)
		}
		time.Sleep(time.Nanosecond)
		if d := late.told(); len(d.chunks) != 2 || d.chunks[0].Cometbench.DueUS != d.chunks[1].Cometbench.DueUS {
			t.Errorf("with the first token: %+v", d.chunks)
		}
		resp, _, _ := b.open(chat("accel=no&no_transform=1", hello)).answer()
		for k, want := range map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"} {
			if got := resp.Header.Get(k); got != want {
				t.Errorf("%s: %q, want %q", k, got, want)
			}
		}
		old := b.open(strings.Replace(chat("tokens=2", hello), "HTTP/1.1", "HTTP/1.0", 1))
		time.Sleep(time.Second)
		if d := old.told(); !d.done || !old.hungUp() || strings.Contains(old.wire(), "chunked") {
			t.Errorf("HTTP/1.0: %q", old.wire())
		}
	})
}

func TestCompletionHeartbeat(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open(chat("tokens=2&first=10s&rate=0.1&heartbeat=4s&flush=0", hello))
		for _, at := range []struct{ second, beats int }{{3, 0}, {4, 1}, {7, 1}, {8, 2}, {13, 2}, {14, 3}, {18, 4}, {21, 4}} {
			time.Sleep(time.Until(time.UnixMicro(c.told().chunks[0].Cometbench.SentUS).Add(time.Duration(at.second) * time.Second)))
			if got := strings.Count(c.body(), ": heartbeat\n\n"); got != at.beats {
				t.Errorf("after %d s %d heartbeats, want %d", at.second, got, at.beats)
			}
		}
		if d := c.told(); !d.done || len(d.tokens) != 2 {
			t.Errorf("end: %+v", d)
		}
	})
}

func TestCompletionCompresses(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		each := b.open(chat("tokens=5&rate=1&compress=gzip", hello))
		never := b.open(chat("tokens=5&rate=1&compress=gzip&flush=0", hello))
		refused := b.open(strings.Replace(chat("tokens=5&rate=1&compress=gzip", hello), "gzip\r", "gzip;q=0\r", 1))
		time.Sleep(2500 * time.Millisecond)
		for _, tt := range []struct {
			name string
			c    *client
			want int
		}{{"flushed", each, 3}, {"not flushed", never, 0}} {
			resp, body, complete := tt.c.answer()
			plain, err := gunzip(body)
			if complete || err != io.ErrUnexpectedEOF || resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" {
				t.Fatalf("%s: %v, complete %v: %v", tt.name, resp.Header, complete, err)
			}
			if d := listen(t, plain); len(d.tokens) != tt.want || len(d.chunks) != tt.want+1 {
				t.Errorf("%s: %d tokens so far, want %d", tt.name, len(d.tokens), tt.want)
			}
		}
		if resp, _, _ := refused.answer(); resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Vary") != "Accept-Encoding" || len(refused.told().tokens) != 3 {
			t.Errorf("refused: %v", resp.Header)
		}
		time.Sleep(10 * time.Second)
		_, body, _ := never.answer()
		if plain, err := gunzip(body); err != nil || len(listen(t, plain).tokens) != 5 {
			t.Errorf("at the end: %q, %v", plain, err)
		}
	})
}

// TestCompletionFlushOff: without flushes the tokens come when net/http's
// buffer is full or at the end.
func TestCompletionFlushOff(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		c := b.open(chat("tokens=5&rate=1&flush=0", hello))
		time.Sleep(3500 * time.Millisecond)
		if d := c.told(); len(d.chunks) != 1 {
			t.Errorf("%d chunks before the end", len(d.chunks))
		}
		time.Sleep(time.Second)
		if d := c.told(); len(d.tokens) != 5 || !d.done {
			t.Errorf("end: %+v", d)
		}
	})
}

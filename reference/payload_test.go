package reference

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// payload is a published body, and what must arrive: text, or bytes for a body
// of no particular type.
type payload struct {
	kind string
	body []byte
}

// payloads are the sizes and the bytes that naive framings break on.
func payloads() []payload {
	noise := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise) // never fails
	out := []payload{
		{"text/plain", []byte("x")}, {"text/plain", bytes.Repeat([]byte("é</"), 64<<10/4)}, {"text/plain", bytes.Repeat([]byte("0123456789abcde\n"), 1<<20/16)},
		{"application/octet-stream", []byte{0xff}}, {"application/octet-stream", noise},
	}
	for _, text := range []string{
		"\r", "\n", "\r\n", "\x00", "\u2028", "\u2029", "</script>", "-->", "<!--", "]]>", "--" + multipartBoundary, "\r\n--" + multipartBoundary + "--\r\n",
		"\n\n", "data: x\n\n", "\x1e", "\xef\xbb\xbf", "0\r\n\r\n", "\x00\x00\x00\x01", ");", "\\", `"`,
	} {
		out = append(out, payload{"text/plain", []byte(text)}, payload{"application/octet-stream", []byte(text)})
	}
	for _, broken := range []string{"\xff", "\xc3\x28", "\xed\xa0\x80", "a\xc0\x80"} {
		out = append(out, payload{"application/octet-stream", []byte(broken)})
	}
	return out
}

// TestPayloadsArriveIntact: by each technique and each variant, as it is and
// compressed. The largest goes by each technique once.
func TestPayloadsArriveIntact(t *testing.T) {
	for _, tech := range overHTTP1() {
		if tech.Info().Class == Socket {
			continue // see TestPayloadsOverSockets
		}
		for _, variant := range append([]string{"", "compress=gzip"}, tech.Info().Variants...) {
			if tech.Name() == "content-length-stream" && variant == "compress=gzip" {
				continue // is refused
			}
			want := payloads()
			if variant != "" && variant != "framing=binary" {
				want = slices.DeleteFunc(want, func(p payload) bool { return len(p.body) == 1<<20 })
			}
			t.Run(strings.TrimSuffix(tech.Name()+"."+variant, "."), func(t *testing.T) {
				inBubble(t, Config{MaxMessageBytes: 1 << 20}, func(t *testing.T, b *bench) {
					for _, p := range want {
						if _, err := b.hub.Publish("c", p.kind, p.body, 0); err != nil {
							t.Fatal(err)
						}
					}
					method, option := tech.Info().Methods[0], "nonce=x"
					if strings.Contains(variant, "=") {
						option = variant
					} else if variant != "" {
						method = variant
					}
					resp, body, complete := b.open(fmt.Sprintf("%s /t/%s?channel=c&callback=a.b&after=e7k2-0&recycle_bytes=0&limit=%d&%s HTTP/1.1\r\nHost: o\r\nAccept-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
						method, tech.Name(), len(want), option)).answer()
					if !complete && tech.Name() != "content-length-stream" { // its end is far from the declared length
						t.Fatal("the answer has no end")
					}
					if variant == "compress=gzip" {
						body = unzipped(t, resp, body)
					}
					var texts []string
					if variant == "framing=binary" {
						texts = measuredFrames(t, body)
					} else {
						texts = readFraming(t, tech.Name(), resp, body)
					}
					checkPayloads(t, texts, want)
				})
			})
		}
	}
}

// TestPayloadsOverSockets: over a websocket, and over a WebTransport stream.
func TestPayloadsOverSockets(t *testing.T) {
	want := payloads()
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		for _, p := range want {
			if _, err := b.hub.Publish("c", p.kind, p.body, 0); err != nil {
				t.Fatal(err)
			}
		}
		texts, _ := frames(b.socket(fmt.Sprintf("&after=e7k2-0&recycle_bytes=0&limit=%d", len(want)), true))
		checkPayloads(t, texts, want)
	})
	o := everywhere(t, Config{Epoch: "e7k2"})
	for _, p := range want {
		if _, err := o.hub.Publish("c", p.kind, p.body, 0); err != nil {
			t.Fatal(err)
		}
	}
	session, stream := o.transport(fmt.Sprintf("channel=c&after=e7k2-0&recycle_bytes=0&limit=%d", len(want)))
	body, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	session.CloseWithError(0, "")
	checkPayloads(t, readFraming(t, "webtransport", nil, string(body)), want)
}

// TestPayloadsRefused: what cannot arrive as what it was declared is refused
// with the reason.
func TestPayloadsRefused(t *testing.T) {
	s, err := New(Config{MaxMessageBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"text/plain", "application/json"} {
		if _, err := s.hub.Publish("c", kind, []byte("\"\xff\""), 0); !errors.Is(err, ErrBody) || !strings.Contains(err.Error(), "not UTF-8") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	inBubble(t, Config{MaxMessageBytes: 100}, func(t *testing.T, b *bench) {
		resp, body, _ := b.open(post("/publish?channel=c", "text/plain", strings.Repeat("x", 101))).answer()
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "too large") {
			t.Errorf("%s %q", resp.Status, body)
		}
	})
}

// checkPayloads compares messages, by their own bytes, with what was published.
func checkPayloads(t *testing.T, texts []string, want []payload) {
	t.Helper()
	var got []payload
	for _, raw := range texts {
		var m struct {
			ID   string
			Data *string
			B64  string `json:"data_b64"`
		}
		if err := json.Unmarshal([]byte(raw), &m); err != nil {
			t.Fatalf("%.200q: %v", raw, err)
		}
		switch {
		case m.ID == "": // a control message
		case m.Data != nil:
			got = append(got, payload{"text/plain", []byte(*m.Data)})
		default:
			body, err := base64.StdEncoding.DecodeString(m.B64)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, payload{"application/octet-stream", body})
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i, p := range want {
		if got[i].kind != p.kind || !bytes.Equal(got[i].body, p.body) {
			t.Errorf("message %d: %s of %d bytes, %.40q; want %s of %d, %.40q", i+1, got[i].kind, len(got[i].body), got[i].body, p.kind, len(p.body), p.body)
		}
	}
}

func unzipped(t *testing.T, resp *http.Response, body string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// measuredFrames reads frames behind their lengths.
func measuredFrames(t *testing.T, body string) (texts []string) {
	t.Helper()
	for r := strings.NewReader(body); r.Len() > 0; {
		var n uint32
		if err := binary.Read(r, binary.BigEndian, &n); err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, min(int(n), r.Len()))
		if _, err := io.ReadFull(r, frame); err != nil || len(frame) != int(n) {
			t.Fatalf("a frame of %d bytes is cut after %d: %v", n, len(frame), err)
		}
		if strings.TrimSpace(string(frame)) != "" {
			texts = append(texts, string(frame))
		}
	}
	return texts
}

// TestBinaryPreludeAndPadding: lengths are exact, as for the other framings.
func TestBinaryPreludeAndPadding(t *testing.T) {
	frame := func(prelude, padding int) (*binaryFramer, error) {
		p := DefaultParams()
		p.Prelude, p.Padding = prelude, padding
		return newBinaryFramer(&p)
	}
	bare, _ := frame(0, 0)
	hello := Control{Kind: ControlHello}
	for n, want := range map[int]bool{1: false, 3: false, 4: true, 5: true, 4096: true} {
		f, err := frame(n, 0)
		if (err == nil) != want {
			t.Errorf("prelude %d: %v", n, err)
		}
		if err != nil {
			continue
		}
		open := f.Open(nil, hello)
		if got := len(open) - len(bare.Open(nil, hello)); got != n {
			t.Errorf("prelude %d takes %d bytes", n, got)
		}
		if texts := measuredFrames(t, string(open)); len(texts) != 1 {
			t.Errorf("prelude %d: %q", n, texts)
		}
	}
	m := &Message{Channel: "c", ID: "e7k2-1", Data: []byte(`"x"`)}
	for _, padding := range []int{0, 50, 51, 300} {
		f, _ := frame(0, padding)
		if got := f.Message(nil, m); len(got) != max(padding, len(m.JSON())+frameHeader) || len(measuredFrames(t, string(got))) != 1 {
			t.Errorf("padding %d gives %d bytes", padding, len(got))
		}
	}
}

// TestStalledReaders: by each streaming technique, one that stops reading
// neither slows another nor makes the server hold what is published meanwhile,
// and is told how much it missed.
func TestStalledReaders(t *testing.T) {
	const messages, size = 100, 64 << 10
	for _, tech := range overHTTP1() {
		if tech.Info().Class != Stream || tech.Name() == "early-close" {
			continue // early-close ends before it can be slow
		}
		t.Run(tech.Name(), func(t *testing.T) {
			inBubble(t, Config{Window: 8}, func(t *testing.T, b *bench) {
				target := "/t/" + tech.Name() + "?channel=c&callback=f&recycle_bytes=0&recycle_after=0&slow="
				stalled, fast := b.stalled(target+"drop"), b.get(target+"wait")
				held := heap()
				for n := range messages {
					b.publish("c", strings.Repeat("x", size))
					fast.mu.Lock()
					got := fast.got.String()
					fast.got.Reset()
					fast.mu.Unlock()
					if !strings.Contains(got, fmt.Sprintf(`"id":"e7k2-%d"`, n+1)) {
						t.Fatalf("message %d is held up", n+1)
					}
				}
				if grown := heap() - held; grown > messages*size/4 {
					t.Errorf("holds %d bytes more after %d were published", grown, messages*size)
				}
				go stalled.read()
				synctest.Wait()
				got := stalled.wire()
				missed := 0
				for _, notice := range strings.Split(got, `"control":"gap","missed":`)[1:] {
					var n int
					fmt.Sscan(notice[:strings.IndexByte(notice, ',')], &n)
					missed += n
				}
				if arrived := strings.Count(got, "sent_us"); missed == 0 || arrived+missed != messages {
					t.Errorf("%d arrived and %d were told as missed, of %d", arrived, missed, messages)
				}
			})
		})
	}
}

// heap is the size of what is in use.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestVariantsAreOptions: each variant is a method that the technique answers,
// or an option with a value that it takes.
func TestVariantsAreOptions(t *testing.T) {
	for _, tech := range singles() {
		for _, variant := range tech.Info().Variants {
			key, value, ok := strings.Cut(variant, "=")
			if !ok && !slices.Contains(tech.Info().Methods, variant) {
				t.Errorf("%s does not answer %s", tech.Name(), variant)
			}
			if ok {
				if _, err := ParseParams(map[string][]string{key: {value}}); err != nil {
					t.Errorf("%s: %v", tech.Name(), err)
				}
			}
		}
	}
}

func TestHistoric(t *testing.T) {
	if len(Historic()) < 2 {
		t.Error("Flash and Hessian are not listed")
	}
	for _, h := range Historic() {
		if h.Name == "" || h.Why == "" || slices.Contains(techniqueNames(), h.Name) {
			t.Errorf("%+v", h)
		}
	}
}

package reference

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var hostile = []string{
	"</script><script>alert(1)</script>", "<!--", "<!-- <script>", "]]>", "-->", "\u2028\u2029", "\x00", "a\r\nb", "\r\n\r\ndata: x\n\n",
	"\r\n--cometbench\r\n\r\n{}", "\n--cometbench--\r\n", "\nid: e7k2-99\n", `","id":"e7k2-99`, `"])//`, "`${1}`", "\ufeff\u0085\u007f", "*/alert(1)/*",
	"\\", `\u003c/script>`, "0\r\n\r\n", "é\U0001F600",
}

// TestHostileDataStaysData: whatever channels are called and messages contain,
// a reader of the framing finds these messages, no others, and in them what
// was published. The readers are written from the formats' own rules and share
// nothing with the framers.
func TestHostileDataStaysData(t *testing.T) {
	for _, tech := range overHTTP1() {
		t.Run(tech.Name(), func(t *testing.T) {
			for _, channel := range hostile {
				inBubble(t, Config{}, func(t *testing.T, b *bench) {
					for _, text := range hostile {
						b.publish(channel, text)
						quoted, _ := json.Marshal(text)
						if _, err := b.hub.Publish(channel, "application/json", quoted, 0); err != nil {
							t.Fatal(err)
						}
					}
					query := "channel=" + url.QueryEscape(channel) + "&callback=a.b&after=e7k2-0&recycle_bytes=0&length=100000&limit=" + fmt.Sprint(2*len(hostile))
					request := tech.Info().Methods[0] + " /t/" + tech.Name() + "?" + query + " HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n"
					if tech.Info().Class == Socket {
						return // frames carry their length
					}
					resp, body, complete := b.open(request + "\r\n").answer()
					if !complete {
						t.Fatal("the answer has no end")
					}
					var got []string
					for _, raw := range readFraming(t, tech.Name(), resp, body) {
						var m struct {
							ID, Channel, Data string
						}
						if err := json.Unmarshal([]byte(raw), &m); err != nil {
							t.Fatalf("%q: %v", raw, err)
						}
						if m.ID == "" {
							continue // a control message
						}
						if m.Channel != channel {
							t.Errorf("channel %q came as %q", channel, m.Channel)
						}
						got = append(got, m.Data)
					}
					var want []string
					for _, text := range hostile {
						want = append(want, text, text)
					}
					if !slices.Equal(got, want) {
						t.Errorf("channel %q: got %q, want %q", channel, got, want)
					}
				})
			}
		})
	}
}

// readFraming finds the JSON texts in an answer.
func readFraming(t *testing.T, technique string, resp *http.Response, body string) (texts []string) {
	t.Helper()
	var list []json.RawMessage
	switch technique {
	case "short-poll", "long-poll":
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
	case "piggyback":
		var answer struct{ Messages []json.RawMessage }
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		list = answer.Messages
	case "callback-poll":
		inner, ok := strings.CutPrefix(body, "/**/a.b(")
		inner, ok2 := strings.CutSuffix(inner, ");")
		if !ok || !ok2 || strings.ContainsAny(body, "<\u2028\u2029\r\n") {
			t.Fatalf("not a safe script: %q", body)
		}
		if err := json.Unmarshal([]byte(inner), &list); err != nil {
			t.Fatal(err)
		}
	case "forever-iframe", "htmlfile":
		return scripts(t, body, map[string]string{"forever-iframe": "parent.cometbench(", "htmlfile": "parent.a.b("}[technique])
	case "multipart":
		return parts(t, resp, body)
	case "eventsource":
		for _, event := range strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n") {
			for _, line := range strings.FieldsFunc(event, func(r rune) bool { return r == '\n' || r == '\r' }) {
				if data, ok := strings.CutPrefix(line, "data: "); ok {
					texts = append(texts, data)
				}
			}
		}
		return texts
	default:
		for _, line := range strings.FieldsFunc(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if strings.TrimSpace(line) != "" {
				texts = append(texts, line)
			}
		}
		return texts
	}
	for _, raw := range list {
		texts = append(texts, string(raw))
	}
	return texts
}

// scripts reads a page as a browser does.
func scripts(t *testing.T, body, call string) (texts []string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(body))
	for inside := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return texts
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) != "script" {
				t.Fatalf("unexpected element %s", name)
			}
			inside = true
		case html.EndTagToken:
			inside = false
		case html.TextToken:
			text := string(z.Raw())
			if !inside {
				if strings.TrimSpace(text) != "" {
					t.Fatalf("text outside of scripts: %q", text)
				}
				continue
			}
			arg, ok := strings.CutPrefix(text, call)
			arg, ok2 := strings.CutSuffix(arg, ")")
			if !ok || !ok2 || strings.ContainsAny(text, "\u2028\u2029\r\n\x00") {
				t.Fatalf("script %q", text)
			}
			texts = append(texts, arg)
		default:
			t.Fatalf("unexpected %v", z.Token())
		}
	}
}

func parts(t *testing.T, resp *http.Response, body string) (texts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || (kind != "multipart/x-mixed-replace" && kind != "multipart/mixed") {
		t.Fatalf("type %q: %v", kind, err)
	}
	r := multipart.NewReader(bufio.NewReader(strings.NewReader(body)), params["boundary"])
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil || part.Header.Get("Content-Type") != "application/json" || part.Header.Get("Content-Length") != fmt.Sprint(len(b)) {
			t.Fatalf("part %v of %d bytes: %v", part.Header, len(b), err)
		}
		texts = append(texts, string(b))
	}
}

// TestPadding: a frame is as long as asked for, wherever its digits fall.
func TestPadding(t *testing.T) {
	m := &Message{Channel: "c", ID: "e7k2-1", Data: []byte(`"x"`)}
	for _, tech := range singles() {
		for least := range 400 {
			sub := &Subscription{Params: DefaultParams()}
			sub.Params.Padding, sub.Params.Callback = least, "f"
			f, err := tech.Frame(nil, sub)
			if err != nil {
				t.Fatal(err)
			}
			start := f.Open(nil, Control{})
			frame := f.Message(slices.Clone(start), m)[len(start):]
			bare := len(frame) - strings.Count(string(frame), " ")
			if len(frame) < least || (len(frame) > least+1 && len(frame) > bare+8) {
				t.Fatalf("%s: padding %d gives %d bytes: %q", tech.Name(), least, len(frame), frame)
			}
		}
	}
}

// TestPrelude: its length is exact, line end included.
func TestPrelude(t *testing.T) {
	for _, tech := range singles() {
		for _, n := range []int{0, 1, 2, 3, 512, 4096} {
			sub := &Subscription{Params: DefaultParams()}
			sub.Params.Callback = "f"
			f, err := tech.Frame(nil, sub)
			if err != nil {
				t.Fatal(err)
			}
			without, least := len(f.Open(nil, Control{})), sub.Params.Prelude
			sub.Params.Prelude = n
			f, _ = tech.Frame(nil, sub)
			with := f.Open(nil, Control{})
			want := max(n, least)
			if tech.Name() == "websocket" {
				want = 0
			}
			if got := len(with) - without + least; got != want || sub.Params.Prelude != want {
				t.Errorf("%s: prelude %d takes %d bytes, counted as %d", tech.Name(), n, got, sub.Params.Prelude)
			}
			if want > 0 && with[want-1] != '\n' {
				t.Errorf("%s: prelude %d does not end a line: %q", tech.Name(), n, with[:want])
			}
		}
	}
}

// TestSharingKey: equal keys mean equal bytes, and different bytes mean
// different keys.
func TestSharingKey(t *testing.T) {
	m := &Message{Channel: "c", ID: "e7k2-1", Data: []byte(`"x"`)}
	frames := make(map[string]string)
	for _, tech := range singles() {
		for _, callback := range []string{"f", "g"} {
			for _, padding := range []int{0, 300} {
				sub := &Subscription{Params: DefaultParams()}
				sub.Params.Callback, sub.Params.Padding = callback, padding
				f, err := tech.Frame(nil, sub)
				if err != nil {
					t.Fatal(err)
				}
				key := f.SharingKey()
				if key == "" {
					continue
				}
				frame := string(f.Message(nil, m))
				if have, ok := frames[key]; ok && have != frame {
					t.Errorf("%s: key %s is that of %q and of %q", tech.Name(), key, have, frame)
				}
				frames[key] = frame
			}
		}
	}
	seen := make(map[string]string)
	for key, frame := range frames {
		if other, ok := seen[frame]; ok {
			t.Errorf("keys %s and %s have the same bytes", key, other)
		}
		seen[frame] = key
	}
}

package reference

import (
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/wire anew")

// TestWire compares whole answers, to the byte, with testdata/wire. Streams
// show a hello, a gap, three messages of different kinds, a heartbeat and an
// end notice; polls what there is. Variants are files of their own.
func TestWire(t *testing.T) {
	for _, tech := range overHTTP1() {
		for _, variant := range append([]string{""}, tech.Info().Variants...) {
			name := strings.TrimSuffix(tech.Name()+"."+variant, ".")
			t.Run(name, func(t *testing.T) {
				inBubble(t, Config{Window: 3}, func(t *testing.T, b *bench) {
					checkGolden(t, name, b.exchange(tech, variant))
				})
			})
		}
	}
}

// overHTTP1 are the techniques that work over HTTP/1.1: all that a pipe can
// carry.
func overHTTP1() []Technique {
	return slices.DeleteFunc(singles(), func(t Technique) bool { return !slices.Contains(t.Info().HTTP, "1.1") })
}

// singles are the techniques of which one request is one subscription.
func singles() []Technique {
	return slices.DeleteFunc(All(), func(t Technique) bool { _, session := t.(SessionTechnique); return session })
}

// exchange is one subscription of a technique as it goes over the wire. A
// variant is a method or an option.
func (b *bench) exchange(tech Technique, variant string) string {
	info := tech.Info()
	const channel = "news"
	b.publish(channel, "left the window", "too")
	if _, err := b.hub.Publish(channel, "application/json", []byte(`{ "n": 1.0, "s": "\u00e9</script>" }`), 946684799000001); err != nil {
		b.t.Fatal(err)
	}
	b.publish(channel, "two\nlines \u2028 <!-- é")
	query := "?channel=news&callback=page.got&after=e7k2-0&limit=4&heartbeat=2s&retry=1500ms&prelude=16&padding=120&length=1600"
	method := info.Methods[0]
	if key, value, ok := strings.Cut(variant, "="); ok {
		values, err := url.ParseQuery(query[1:])
		if err != nil {
			b.t.Fatal(err)
		}
		values.Set(key, value)
		query = "?" + values.Encode()
	} else if variant != "" {
		method = variant
	}
	request := method + " /t/" + tech.Name() + query + " HTTP/1.1\r\nHost: origin\r\n"
	switch {
	case info.Class == Socket:
		request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	case method == "POST" && info.Family == "iframe": // a form whose target is the iframe
		request += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nhello=1"
	case method == "POST":
		request += "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	default:
		request += "\r\n"
	}
	c := b.open(request)
	time.Sleep(3 * time.Second)
	if info.Class == Stream || info.Class == Socket {
		if _, err := b.hub.Publish(channel, "application/octet-stream", []byte{0, 0xff, '\n'}, 0); err != nil {
			b.t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Second)
	return visible(request) + "\n--\n" + visible(c.wire())
}

// visible makes control characters readable and keeps lines as lines.
func visible(s string) string {
	var out strings.Builder
	for _, line := range strings.SplitAfter(s, "\n") {
		text, end := strings.CutSuffix(line, "\n")
		quoted := strconv.Quote(text)
		out.WriteString(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
		if end {
			out.WriteString("\\n\n")
		}
	}
	return out.String()
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "wire", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update renews it); got\n%s", path, got)
	}
}

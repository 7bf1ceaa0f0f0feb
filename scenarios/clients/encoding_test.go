package clients

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

type flusher interface {
	io.WriteCloser
	Flush() error
}

var compressors = map[string]func(io.Writer) flusher{
	"gzip":    func(w io.Writer) flusher { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) flusher { return zlib.NewWriter(w) },
	"deflate without header": func(w io.Writer) flusher {
		z, _ := flate.NewWriter(w, flate.BestSpeed)
		return z
	},
}

// What a sync flush made available is delivered before anything else comes:
// the origin says the next message only after it was told of the last one.
func TestCompressedStreamsArePrompt(t *testing.T) {
	for name, compress := range compressors {
		for _, version := range []string{"1.0", "1.1"} {
			t.Run(name+" over "+version, func(t *testing.T) {
				encoding, _, _ := strings.Cut(name, " ")
				seen := make(chan string, 4)
				s := at("eventsource", serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/event-stream")
					w.Header().Set("Content-Encoding", encoding)
					say(w, "") // the head may come before any byte of content
					z := compress(w)
					for _, m := range []string{event(msg1, "e1-1"), event(msg2, "e1-2")} {
						_, _ = io.WriteString(z, m)
						_ = z.Flush()
						say(w, "")
						<-seen
					}
					_ = z.Close()
				}))
				s.Target.HTTP = version
				got := receive(t, s, func(e measure.Event) {
					if e.Kind == measure.Received {
						seen <- e.ID
					}
				})
				end := "end clean"
				if version == "1.0" {
					end = "end fin"
				}
				want(t, got, "dial #1", "headers 200 HTTP/"+version+" text/event-stream ("+encoding+")", "message e1-1", "message e1-2", end)
			})
		}
	}
}

func TestBrokenEncodings(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "["+msg1+"]")
	_ = z.Close()
	whole := packed.Bytes()
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 1
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		want     []string
	}{
		"whole":               {"gzip", whole, []string{"message e1-1", "end clean"}},
		"more behind the end": {"gzip", append(bytes.Clone(whole), "more"...), []string{"message e1-1", "end clean"}},
		"cut but well framed": {"gzip", whole[:len(whole)-9], []string{"error content encoding gzip: unexpected EOF", "end clean"}},
		"damaged":             {"gzip", damaged, []string{"error content encoding gzip: gzip: invalid checksum", "end clean"}},
		"not gzip at all":     {"gzip", []byte("[]          "), []string{"error content encoding gzip: gzip: invalid header", "end clean"}},
		"not asked for":       {"br", whole, []string{`error content encoding "br" was not asked for`}},
		"empty":               {"gzip", nil, []string{"error answer of 0 bytes: empty, want at least []", "end clean"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := receive(t, at("long-poll", serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", c.encoding)
				_, _ = w.Write(c.body)
			})), nil)
			lines := append([]string{"dial #1", "headers 200 HTTP/1.1 application/json (" + c.encoding + ")"}, c.want...)
			want(t, got, lines...)
		})
	}
}

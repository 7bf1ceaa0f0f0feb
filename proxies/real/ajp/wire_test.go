package ajp

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the adapter says into testdata/wire anew")

// What web servers send was recorded ("> ", and ">+" where it comes unasked);
// what the adapter answers ("< ") and what the origin gets ("= ") is held
// against the files, packet by packet.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("%s differs (go test -update renews it); got\n%s", file, got)
			}
		})
	}
}

// replay plays the web server's part of a record and returns the record with
// the other parts as they are now.
func replay(t *testing.T, record string) string {
	seen := make(chan string, 1)
	a := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		seen <- describe(r, body, err)
		h := w.Header()
		h.Set("Date", "Sat, 21 Nov 2026 03:05:12 GMT")
		h.Set("Content-Type", "text/event-stream")
		h.Add("Set-Cookie", "a=1")
		h.Add("Set-Cookie", "b=2")
		h.Set("X-Accel-Buffering", "no")
		fmt.Fprintf(w, "data: %s\n\n", r.Method)
	})
	var out strings.Builder
	var packets []string
	for line := range strings.Lines(record) {
		if strings.HasPrefix(line, "#") {
			out.WriteString(line)
		} else if strings.HasPrefix(line, ">") {
			packets = append(packets, line)
		}
	}
	w := dial(t, a)
	send := func() {
		line := packets[0]
		packets = packets[1:]
		packet, err := hex.DecodeString(strings.TrimSpace(line[2:]))
		if err != nil {
			t.Fatal(err)
		}
		w.send(packet)
		out.WriteString(line)
	}
	send()
	for len(packets) > 0 && strings.HasPrefix(packets[0], ">+") {
		send()
	}
	for {
		p := w.packet()
		fmt.Fprintf(&out, "< %x\n", p)
		switch {
		case p == nil || p[4] == codeEndResponse:
			out.WriteString(<-seen)
			if len(packets) > 0 {
				t.Errorf("%d packets of the request were not asked for", len(packets))
			}
			return out.String()
		case p[4] == codeGetBodyChunk && len(packets) == 0:
			t.Fatalf("more is asked for than there was; so far\n%s", out.String())
		case p[4] == codeGetBodyChunk:
			send()
		}
	}
}

// describe is a request as the origin sees it.
func describe(r *http.Request, body []byte, err error) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "= %s %s %s\n= Host: %s\n", r.Method, r.RequestURI, r.Proto, r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&b, "= %s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "= %q, length %d, %v\n", body, r.ContentLength, err)
	return b.String()
}

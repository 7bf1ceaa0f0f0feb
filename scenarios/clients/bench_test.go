package clients

import (
	"strings"
	"testing"
)

// What a load run pays for each message received.
func BenchmarkDecode(b *testing.B) {
	body := `{"channel":"c","id":"e1-1","due_us":1700000000000000,"sent_us":1700000000000001,"data":"` + strings.Repeat("x", 100) + `"}`
	for technique, wire := range map[string]string{
		"xhr-streaming":  body + "\n",
		"eventsource":    event(body, "e1-1"),
		"forever-iframe": "<script>parent.cometbench(" + body + ")</script>\n",
		"multipart":      part(body),
		"websocket":      body,
	} {
		b.Run(technique, func(b *testing.B) {
			dec, err := NewDecoder(technique, mixed)
			if err != nil {
				b.Fatal(err)
			}
			if technique == "multipart" {
				_ = dec.Feed([]byte("--b=1\r\n"), nil)
			}
			n, p := 0, []byte(wire)
			emit := func(it Item) { n++ }
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if err := dec.Feed(p, emit); err != nil {
					b.Fatal(err)
				}
			}
			if n != b.N {
				b.Fatalf("%d items of %d messages", n, b.N)
			}
		})
	}
}

package reference

import (
	"strings"
	"testing"
)

// TestPeers: a position that a peer gave before the message came here is waited
// for; without peers, and beyond the window, it is nobody's.
func TestPeers(t *testing.T) {
	for name, tt := range map[string]struct {
		peers bool
		after string
		want  string // the answer's body begins so, after one more message
	}{
		"ahead":          {true, "e7k2-2", `[{"channel":"c","id":"e7k2-3"`},
		"too far ahead":  {true, "e7k2-9", `[{"control":"gap","missed":null,"next":"e7k2-1"}`},
		"without a peer": {false, "e7k2-2", `[{"control":"gap","missed":null,"next":"e7k2-1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{Peers: tt.peers, Window: 4}, func(t *testing.T, b *bench) {
				b.publish("c", "one")
				c := b.get("/t/long-poll?channel=c&after=" + tt.after)
				b.publish("c", "two", "three")
				if got := c.body(); !strings.HasPrefix(got, tt.want) {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

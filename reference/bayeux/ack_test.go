package bayeux

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// acked is a connect that acknowledges a batch and is answered at once.
func acked(n any) string {
	return fmt.Sprintf(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0},"ext":{"ack":%v}}`, n)
}

func TestAcks(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		if m := b.shake(`{"ack":true}`); m.ext("ack") != true {
			t.Fatalf("%v", m)
		}
		b.subscribe("/a")
		b.publish("/a", `{"n":1}`)
		// Nothing is delivered but by connects.
		if all := b.send(`{"channel":"/a","clientId":"CLIENT","data":{"n":2}}`); len(all) != 1 {
			t.Errorf("%v", all)
		}
		want := func(ack any, batch float64, ns ...int) {
			t.Helper()
			all := b.send(acked(ack))
			if got := numbers(all); !slices.Equal(got, ns) || all[len(all)-1].ext("ack") != batch {
				t.Errorf("ack %v: got %v, %v; want %v in batch %v", ack, got, all[len(all)-1], ns, batch)
			}
		}
		want(0, 1, 1, 2)
		want(0, 2, 1, 2) // the answer was lost
		b.publish("/a", `{"n":3}`)
		want(1, 3, 1, 2, 3) // what is sent again stays in front
		b.publish("/a", `{"n":4}`)
		want(3, 4, 4)
		want(4, 4)
		b.publish("/a", `{"n":5}`)
		want(4, 5, 5)
		want(1e9, 5)
		want(`"x"`, 5) // no number acknowledges nothing
	})
}

// TestLostAnswerComesAgain: a held connect whose answer nobody takes.
func TestLostAnswerComesAgain(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake(`{"ack":{"enabled":true}}`)
		b.subscribe("/a")
		h := b.hold(strings.Replace(acked(0), `"advice":{"timeout":0},`, "", 1))
		b.publish("/a", `{"n":1}`)
		h.wait() // and throws it away
		if got := numbers(b.send(acked(0))); !slices.Equal(got, []int{1}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestNeverAcknowledged(t *testing.T) {
	inBubble(t, Config{MaxQueue: 10}, func(t *testing.T, b *tester) {
		b.shake(`{"ack":true}`)
		b.subscribe("/a")
		over := false
		for range 12 {
			b.publish("/a", `{"n":1}`)
			m := b.send(acked(`"x"`))
			over = over || m[len(m)-1].advice("reconnect") == "handshake"
		}
		if !over || b.s.Sessions() != 0 {
			t.Error("what is kept for a client that never acknowledges has no bound")
		}
	})
}

func TestTimesync(t *testing.T) {
	inBubble(t, Config{Timeout: 3 * time.Second}, func(t *testing.T, b *tester) {
		at := time.Now().UnixMilli()
		m := b.shake(fmt.Sprintf(`{"timesync":{"tc":%d,"l":0,"o":0}}`, at-500))
		s, _ := m.ext("timesync").(map[string]any)
		if s["tc"] != float64(at-500) || s["ts"] != float64(at) || s["p"] != 0.0 || s["a"] != -500.0 {
			t.Errorf("%v", m)
		}
		// On a held connect p is how long it was held; within the accuracy wanted
		// there is no answer.
		at = time.Now().UnixMilli()
		text := `{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"timesync":{"tc":%d,"l":10,"o":%d}}}`
		s, _ = b.hold(fmt.Sprintf(text, at, 200)).wait()[0].ext("timesync").(map[string]any)
		if s["p"] != 3000.0 || s["a"] != 210.0 {
			t.Errorf("%v", s)
		}
		at = time.Now().UnixMilli()
		if m := b.hold(fmt.Sprintf(text, at, 5)).wait()[0]; m.ext("timesync") != nil {
			t.Errorf("%v", m)
		}
		b.hold(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"timesync":{"tc":1e308,"l":1e308,"o":1e308}}}`).wait()
	})
}

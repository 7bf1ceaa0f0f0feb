package reference

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func put(t *testing.T, l *MemoryLog, channel string, n int) {
	t.Helper()
	for range n {
		if _, err := l.Append(channel, Message{Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMemoryLogWindow(t *testing.T) {
	l := NewMemoryLog(MemoryLogConfig{Epoch: "e", Window: 4, MaxChannels: 10, MaxBytes: 1 << 20})
	if msgs, oldest, newest := l.Range("c", 0, 10); len(msgs) != 0 || oldest != 1 || newest != 0 {
		t.Errorf("empty: %v, %d, %d", msgs, oldest, newest)
	}
	for total := 1; total <= 11; total++ {
		put(t, l, "c", 1)
		for after := range uint64(13) {
			for limit := range 6 {
				msgs, oldest, newest := l.Range("c", after, limit)
				wantOldest := uint64(max(1, total-3))
				first := max(after+1, wantOldest)
				want := max(0, min(limit, total-int(first)+1))
				if newest != uint64(total) || oldest != wantOldest || len(msgs) != want {
					t.Fatalf("%d appended, Range(%d, %d) = %d messages, %d, %d", total, after, limit, len(msgs), oldest, newest)
				}
				for i, m := range msgs {
					if m.Seq != first+uint64(i) || m.ID != fmt.Sprintf("e-%d", m.Seq) {
						t.Fatalf("message %d is %s", i, m.ID)
					}
				}
			}
		}
	}
}

func TestMemoryLogGivesUpIdleChannels(t *testing.T) {
	l := NewMemoryLog(MemoryLogConfig{Epoch: "e", Window: 4, MaxChannels: 3, MaxBytes: 1 << 20})
	put(t, l, "a", 7)
	put(t, l, "b", 2)
	put(t, l, "c", 1)
	cancel := l.Notify("b", func(*Message) {})
	put(t, l, "a", 1) // c is now the least recently used that nobody watches
	put(t, l, "d", 1)
	if msgs, _, _ := l.Range("c", 0, 10); len(msgs) != 0 {
		t.Error("c is still there")
	}
	for channel, want := range map[string]int{"a": 4, "b": 2, "d": 1} {
		if msgs, _, _ := l.Range(channel, 0, 10); len(msgs) != want {
			t.Errorf("%s has %d messages, want %d", channel, len(msgs), want)
		}
	}
	put(t, l, "e", 1) // gives up a, which had reached 8
	// An old position on a must look like a gap, not like the newest.
	put(t, l, "a", 1)
	if _, oldest, newest := l.Range("a", 3, 10); oldest <= 8 || newest != oldest {
		t.Errorf("a came back with %d to %d", oldest, newest)
	}
	cancel()
	cancel()
	if l.Channels() != 3 {
		t.Errorf("%d channels", l.Channels())
	}
}

func TestMemoryLogIsFull(t *testing.T) {
	l := NewMemoryLog(MemoryLogConfig{Epoch: "e", Window: 4, MaxChannels: 2, MaxBytes: 1 << 20})
	defer l.Notify("a", func(*Message) {})()
	defer l.Notify("b", func(*Message) {})()
	if _, err := l.Append("c", Message{Data: []byte("1")}); !errors.Is(err, ErrFull) {
		t.Errorf("err = %v", err)
	}
	put(t, l, "a", 1)
	defer l.Notify("d", func(*Message) {})() // subscribers are bounded elsewhere
	put(t, l, "d", 1)
}

func TestMemoryLogBoundsBytes(t *testing.T) {
	const limit = 100_000
	l := NewMemoryLog(MemoryLogConfig{Epoch: "e", Window: 1000, MaxChannels: 1000, MaxBytes: limit})
	large := []byte(`"` + strings.Repeat("x", 9000) + `"`)
	for n := range 50 {
		for _, channel := range []string{"one", fmt.Sprint("idle", n)} {
			if _, err := l.Append(channel, Message{Data: large}); err != nil {
				t.Fatal(err)
			}
			if held := l.bytes.Load(); held > limit+int64(len(large))+100 {
				t.Fatalf("%d bytes are held", held)
			}
		}
	}
	msgs, oldest, newest := l.Range("one", 0, 1000)
	if newest < 50 || len(msgs) == 0 || oldest != newest-uint64(len(msgs))+1 {
		t.Errorf("%d messages, %d to %d", len(msgs), oldest, newest)
	}
	put(t, l, "one", 2000) // small ones: the window grows again
	if msgs, _, _ := l.Range("one", 0, 2000); len(msgs) < 900 {
		t.Errorf("only %d messages are kept", len(msgs))
	}
	var sum int64
	for _, c := range l.channels {
		for _, m := range c.ring {
			sum += int64(len(m.line))
		}
	}
	if sum != l.bytes.Load() {
		t.Errorf("%d bytes are held, %d counted", sum, l.bytes.Load())
	}
}

// TestMemoryLogConcurrently: ids stay gapless and wakes in order while
// channels come and go.
func TestMemoryLogConcurrently(t *testing.T) {
	l := NewMemoryLog(MemoryLogConfig{Epoch: "e", Window: 8, MaxChannels: 4, MaxBytes: 1 << 20})
	var last uint64
	cancel := l.Notify("watched", func(m *Message) {
		if m.Seq != last+1 {
			t.Errorf("woken by %d after %d", m.Seq, last)
		}
		last = m.Seq
	})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 500 {
				if _, err := l.Append("watched", Message{Data: []byte("1")}); err != nil {
					t.Error(err)
				}
				if _, err := l.Append(fmt.Sprint(g, n%5), Message{Data: []byte("1")}); err != nil {
					t.Error(err)
				}
				l.Notify(fmt.Sprint(n%3), func(*Message) {})()
				l.Range("watched", 0, 10)
			}
		})
	}
	wg.Wait()
	cancel()
	if last != 2000 {
		t.Errorf("woken %d times", last)
	}
}

package reference

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Messages come out a while after they went in, each in its turn; who leaves
// meanwhile is not woken any more.
func TestLateLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := Config{Delay: 400 * time.Millisecond}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		log := c.Log
		type woken struct {
			seq   uint64
			after time.Duration
		}
		start := time.Now()
		var woke []woken
		cancel := log.Notify("c", func(m *Message) { woke = append(woke, woken{m.Seq, time.Since(start).Truncate(10 * time.Millisecond)}) })
		visible := func() int {
			msgs, _, _ := log.Range("c", 0, 10)
			return len(msgs)
		}
		publish := func() {
			if _, err := log.Append("c", Message{Data: []byte(`"x"`)}); err != nil {
				t.Fatal(err)
			}
		}
		publish()
		time.Sleep(300 * time.Millisecond)
		publish()
		if n := visible(); n != 0 {
			t.Errorf("%d messages before their time", n)
		}
		time.Sleep(105 * time.Millisecond)
		synctest.Wait()
		if n := visible(); n != 1 {
			t.Errorf("%d messages, want the first alone", n)
		}
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		want := []woken{{1, 400 * time.Millisecond}, {2, 700 * time.Millisecond}}
		if !slices.Equal(woke, want) || visible() != 2 {
			t.Errorf("woken %v, want %v", woke, want)
		}
		// Who comes while a message waits is woken for it, too.
		publish()
		late := 0
		leave := log.Notify("c", func(m *Message) { late = int(m.Seq) })
		time.Sleep(405 * time.Millisecond)
		synctest.Wait()
		leave()
		if late != 3 {
			t.Errorf("woken for %d, want 3", late)
		}
		publish()
		cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if len(woke) != 3 {
			t.Errorf("woken after leaving: %v", woke)
		}
		if _, err := (Config{Delay: -1}).withDefaults(); err == nil {
			t.Error("a negative delay is taken")
		}
	})
}

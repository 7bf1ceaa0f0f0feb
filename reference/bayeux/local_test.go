package bayeux

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestLocalClients(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		var heard []string
		l, err := b.s.NewLocal("clock-", func(d Delivery) { heard = append(heard, d.Channel+" "+string(d.Data)+" from "+d.From+" id "+d.ID) })
		if err != nil || !strings.HasPrefix(l.ID(), "clock-") {
			t.Fatalf("%q, %v", l.ID(), err)
		}
		if err := b.s.Subscribe("/chat/*", l); err != nil {
			t.Fatal(err)
		}
		b.shake("")
		b.subscribe("/chat/*")
		b.send(`{"channel":"/chat/a","clientId":"CLIENT","data":"hi","id":"5"}`)
		if err := b.s.Publish(l, "/chat/b", []byte(`{"n": 1}`), "own"); err != nil {
			t.Fatal(err)
		}
		if want := []string{`/chat/a "hi" from ` + b.id + ` id "5"`, `/chat/b {"n":1} from ` + l.ID() + ` id "own"`}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
		if m := b.send(connect); numbers(m)[0] != 1 || m[0]["id"] != "own" {
			t.Errorf("the remote client got %v", m)
		}
		b.s.Unsubscribe("/chat/*", l)
		b.publish("/chat/a", `1`)
		if err := b.s.Subscribe("/**", l); err != nil {
			t.Fatal(err)
		}
		l.Close()
		b.publish("/chat/a", `2`)
		if len(heard) != 2 || b.s.Sessions() != 1 {
			t.Errorf("heard %q after it left, %d sessions", heard[2:], b.s.Sessions())
		}
		for name, err := range map[string]error{
			"pattern":  b.s.Publish(nil, "/a/*", []byte(`1`), ""),
			"meta":     b.s.Publish(nil, "/meta/connect", []byte(`1`), ""),
			"data":     b.s.Publish(nil, "/a", []byte(`{`), ""),
			"channel":  b.s.Subscribe("a", l),
			"metas":    b.s.Subscribe("/meta/*", l),
			"nobody":   b.s.Deliver("nobody", "/a", []byte(`1`), ""),
			"delivery": b.s.Deliver(b.id, "/meta/a", []byte(`1`), ""),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			if name == "nobody" && !errors.Is(err, ErrGone) {
				t.Error(err)
			}
		}
	})
}

// TestServices: what is sent to /service/ is between the sender and the
// server, whoever subscribes.
func TestServices(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		l, err := b.s.NewLocal("", func(d Delivery) {
			if err := b.s.Deliver(d.From, d.Channel, []byte(`{"n":8}`), ""); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.s.Subscribe("/service/**", l); err != nil {
			t.Fatal(err)
		}
		spy := b.stranger()
		spy.shake("")
		spy.subscribe("/**")
		spy.subscribe("/service/echo")
		b.shake("")
		all := b.send(`{"channel":"/service/echo","clientId":"CLIENT","data":{"n":1}}`)
		if got := numbers(all); len(all) != 2 || !slices.Equal(got, []int{8}) {
			t.Errorf("%v", all)
		}
		if all := spy.send(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}`); len(all) != 1 {
			t.Errorf("somebody else got %v", all)
		}
	})
}

// TestListenersAreCalledOneAtATime, in order, also by themselves.
func TestListenersAreCalledOneAtATime(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var busy sync.Mutex
	var l *Local
	heard := map[string][]int{}
	l, err = s.NewLocal("", func(d Delivery) {
		if !busy.TryLock() {
			t.Error("two calls at once")
			return
		}
		defer busy.Unlock()
		var n int
		fmt.Sscan(string(d.Data), &n)
		heard[d.Channel] = append(heard[d.Channel], n)
		if d.Channel == "/a/0" && n < 10 {
			_ = s.Publish(l, "/own", []byte(fmt.Sprint(n)), "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Subscribe("/**", l); err != nil {
		t.Fatal(err)
	}
	var publishers sync.WaitGroup
	for p := range 4 {
		publishers.Go(func() {
			for n := range 200 {
				if err := s.Publish(nil, fmt.Sprintf("/a/%d", p), []byte(fmt.Sprint(n)), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	publishers.Wait()
	busy.Lock()
	defer busy.Unlock()
	for p := range 4 {
		if got := heard[fmt.Sprintf("/a/%d", p)]; len(got) != 200 || !slices.IsSorted(got) {
			t.Errorf("publisher %d: %d messages, in order: %v", p, len(got), slices.IsSorted(got))
		}
	}
	if len(heard["/own"]) != 10 {
		t.Errorf("own messages: %v", heard["/own"])
	}
}

package bayeux

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHandshake(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		m := b.shake("")
		if m["version"] != "1.0" || m["id"] != "1" || len(b.id) < 22 || b.cookie == "" {
			t.Errorf("%v, cookie %q", m, b.cookie)
		}
		if m.advice("reconnect") != "retry" || m.advice("interval") != 0.0 || m.advice("timeout") != 30000.0 {
			t.Errorf("advice is not whole: %v", m["advice"])
		}
		if types, _ := m["supportedConnectionTypes"].([]any); !slices.Equal(types, []any{"websocket", "long-polling", "callback-polling"}) {
			t.Errorf("types %v", m["supportedConnectionTypes"])
		}
		first := b.cookie
		b.shake("")
		if b.cookie != first {
			t.Error("a browser that has its cookie was given another")
		}
	})
}

func TestHandshakeIsAlone(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		all := b.send(`[{"channel":"/a","data":1},{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]},{"channel":"/b","data":1}]`)
		if len(all) != 1 || all[0]["channel"] != "/meta/handshake" {
			t.Errorf("%v", all)
		}
	})
}

// TestRefusals: each is answered with its code and, where a client would loop
// without, with whole advice.
func TestRefusals(t *testing.T) {
	nobody := errors.New("not today")
	c := Config{MaxSubscriptions: 2, MayPublish: func(_, channel string) error {
		if channel == "/closed" {
			return nobody
		}
		return nil
	}, MaySubscribe: func(_, pattern string) error {
		if pattern == "/closed" {
			return nobody
		}
		return nil
	}}
	for name, tt := range map[string]struct{ send, want, reconnect string }{
		"no version":      {`{"channel":"/meta/handshake","supportedConnectionTypes":["long-polling"]}`, "300::version_unsupported", "none"},
		"other version":   {`{"channel":"/meta/handshake","version":"2.0","supportedConnectionTypes":["long-polling"]}`, "300::version_unsupported", "none"},
		"no transport":    {`{"channel":"/meta/handshake","version":"1.0"}`, "301::connection_types_unsupported", "none"},
		"other transport": {`{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["flash"]}`, "301::connection_types_unsupported", "none"},
		"unknown client":  {`{"channel":"/meta/connect","clientId":"x","connectionType":"long-polling"}`, "402::session_unknown", "handshake"},
		"no client":       {`{"channel":"/meta/connect","connectionType":"long-polling"}`, "401::client_id_missing", "handshake"},
		"anonymous":       {`{"channel":"/a","data":1}`, "401::client_id_missing", "handshake"},
		"connection type": {`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"pigeon"}`, "301::connection_type_unsupported", "handshake"},
		"no channel":      {`{"clientId":"CLIENT","data":1}`, "400::channel_missing", ""},
		"channel is null": {`{"channel":null,"clientId":"CLIENT","data":1}`, "400::channel_missing", ""},
		"bad channel":     {`{"channel":"/a/<script>","clientId":"CLIENT","data":1}`, "405::channel_invalid", ""},
		"pattern":         {`{"channel":"/a/*","clientId":"CLIENT","data":1}`, "405::channel_invalid: a pattern cannot be published to", ""},
		"no data":         {`{"channel":"/a","clientId":"CLIENT"}`, "400::data_missing", ""},
		"id is an object": {`{"channel":"/a","clientId":"CLIENT","data":1,"id":{}}`, "405::message_id_invalid", ""},
		"id is long":      {`{"channel":"/a","clientId":"CLIENT","data":1,"id":"` + strings.Repeat("x", 300) + `"}`, "405::message_id_invalid", ""},
		"unknown meta":    {`{"channel":"/meta/other","clientId":"CLIENT","data":1}`, "404:/meta/other:channel_unknown", ""},
		"no subscription": {`{"channel":"/meta/subscribe","clientId":"CLIENT"}`, "403::subscription_missing", ""},
		"meta":            {`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/meta/connect"}`, "403:/meta/connect:subscribe_denied: /meta channels are not subscribed to", ""},
		"hostile":         {`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/a\u2028\"]);alert(1)//"}`, "405::channel_invalid", ""},
		"one is bad":      {`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/a","/*/b"]}`, "405::channel_invalid", ""},
		"too many":        {`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/a","/b","/c"]}`, "503::too_many_subscriptions", ""},
		"may not":         {`{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/closed"}`, "403:/closed:subscribe_denied: not today", ""},
		"may not publish": {`{"channel":"/closed","clientId":"CLIENT","data":1}`, "403:/closed:publish_denied: not today", ""},
		"unsubscribe":     {`{"channel":"/meta/unsubscribe","clientId":"CLIENT"}`, "403::subscription_missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, c, func(t *testing.T, b *tester) {
				b.shake("")
				m := b.send(tt.send)[0]
				if m["successful"] != false || m["error"] != tt.want {
					t.Errorf("%v", m)
				}
				if tt.reconnect != "" && (m.advice("reconnect") != tt.reconnect || m.advice("interval") == nil || m.advice("timeout") == nil) {
					t.Errorf("advice %v", m["advice"])
				}
			})
		})
	}
}

// TestBadRequests are no Bayeux messages at all.
func TestBadRequests(t *testing.T) {
	inBubble(t, Config{MaxMessageBytes: 1 << 16}, func(t *testing.T, b *tester) {
		for text, status := range map[string]int{
			"": 400, "{": 400, "[": 400, "[]": 400, "null": 400, "[null]": 400, "[1]": 400, `"x"`: 400, "[{}]x": 400, "{\"channel\":\"\xff\"}": 400,
			`{"data":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`:        400,
			`{"data":` + strings.Repeat("[", 1_000_000/20) + `}`:                          400,
			"[" + strings.Repeat("{},", 2000) + "{}]":                                     400,
			`{"data":"` + strings.Repeat("x", 1<<16) + `"}`:                               413,
			`{"data":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`:          200,
			`{"data":"` + strings.Repeat("[", 200) + `\"` + strings.Repeat("]", 9) + `"}`: 200,
		} {
			if w := b.do(t.Context(), text); w.Code != status {
				t.Errorf("%.40q: status %d, want %d", text, w.Code, status)
			}
		}
	})
}

// TestIDs: clients compare with what they sent, type and all.
func TestIDs(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		for _, id := range []string{`"7"`, `7`, `-0.5`, `"a\u0041"`, `1e3`, ``} {
			text := `{"channel":"/a","clientId":"CLIENT","data":1`
			if id != "" {
				text += `,"id":` + id
			}
			var raw []map[string]json.RawMessage
			w := b.do(t.Context(), strings.ReplaceAll(text+"}", "CLIENT", b.id))
			if err := json.Unmarshal(w.Body.Bytes(), &raw); err != nil || string(raw[0]["id"]) != id {
				t.Errorf("id %s came back as %s, %v", id, raw[0]["id"], err)
			}
		}
	})
}

func TestConnectIsHeld(t *testing.T) {
	inBubble(t, Config{Timeout: 20 * time.Second}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a/*")
		start := time.Now()
		all := b.hold(connect).wait()
		if time.Since(start) != 20*time.Second || len(all) != 1 || all[0]["successful"] != true || all[0]["id"] != "9" || all[0].advice("timeout") != 20000.0 {
			t.Errorf("after %v: %v", time.Since(start), all)
		}
		h := b.hold(connect)
		time.Sleep(time.Second)
		b.publish("/a/b/c", `{"n":0}`)
		if h.answered() {
			t.Error("answered for somebody else's message")
		}
		b.publish("/a/b", ` { "n" : 1 } `)
		if !h.answered() {
			t.Fatal("not answered")
		}
		if all := h.wait(); len(all) != 2 || all[0]["channel"] != "/a/b" || all[0]["clientId"] != nil || all[0]["successful"] != nil || all[1]["channel"] != "/meta/connect" {
			t.Errorf("%v", all)
		}
		b.publish("/a/b", `{"n":2}`)
		b.publish("/a/c", `{"n":3}`)
		if got := numbers(b.send(connect)); !slices.Equal(got, []int{2, 3}) {
			t.Errorf("what waited: %v", got)
		}
	})
}

func TestConnectIsAnsweredAtOnce(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		start := time.Now()
		b.send(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}`)
		all := b.send(`[{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/a","/b"]},` + connect + `]`)
		if time.Since(start) != 0 || len(all) != 2 || all[1]["channel"] != "/meta/connect" {
			t.Errorf("after %v: %v", time.Since(start), all)
		}
		b.send(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":1500}}`)
		if time.Since(start) != 1500*time.Millisecond {
			t.Errorf("a client's own timeout took %v", time.Since(start))
		}
	})
}

// TestPublisherGetsItsOwn with the answer to its publish, not by its connect:
// that is another response about to go out.
func TestPublisherGetsItsOwn(t *testing.T) {
	for silent, want := range map[bool]int{false: 1, true: 0} {
		inBubble(t, Config{SilentPublisher: silent}, func(t *testing.T, b *tester) {
			b.shake("")
			b.subscribe("/a")
			h := b.hold(connect)
			all := b.send(`{"channel":"/a","clientId":"CLIENT","data":{"n":4},"id":"77"}`)
			if len(all) != 1+want || all[0]["successful"] != true || all[0]["id"] != "77" || len(numbers(all)) != want || h.answered() {
				t.Errorf("silent %v: %v, connect answered: %v", silent, all, h.answered())
			}
			h.cancel()
			<-h.done
		})
	}
}

func TestUnsubscribe(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a")
		b.subscribe("/**")
		b.publish("/a", `{"n":1}`) // once, whatever matches
		b.send(`{"channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":["/**","/never"]}`)
		b.publish("/b", `{"n":2}`)
		b.send(`{"channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/a"}`)
		b.publish("/a", `{"n":3}`)
		got := numbers(b.send(`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}`))
		if len(got) > 0 || len(b.s.patterns) != 0 { // the first was taken by the unsubscribe's answer
			t.Errorf("got %v, patterns %v", got, b.s.patterns)
		}
	})
}

func TestDisconnectReleasesTheConnect(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a")
		h := b.hold(connect)
		all := b.send(`{"channel":"/meta/disconnect","clientId":"CLIENT","id":"x"}`)
		if all[0]["successful"] != true || all[0]["id"] != "x" || !h.answered() || b.s.Sessions() != 0 || len(b.s.patterns) != 0 {
			t.Errorf("%v, %d sessions", all, b.s.Sessions())
		}
		if last := h.wait()[0]; last.advice("reconnect") != "none" {
			t.Errorf("%v", last)
		}
	})
}

func TestSilentSessionsExpire(t *testing.T) {
	inBubble(t, Config{Timeout: 5 * time.Second}, func(t *testing.T, b *tester) {
		b.shake("")
		time.Sleep(9 * time.Second)
		b.hold(connect).wait() // 5 s
		time.Sleep(9 * time.Second)
		if b.s.Sessions() != 1 {
			t.Fatal("gone too soon")
		}
		time.Sleep(2 * time.Second)
		if m := b.send(connect)[0]; b.s.Sessions() != 0 || m["error"] != "402::session_unknown" {
			t.Errorf("%v", m)
		}
		// A client that leaves its connect has as long.
		b.shake("")
		h := b.hold(connect)
		h.cancel()
		time.Sleep(11 * time.Second)
		if b.s.Sessions() != 0 {
			t.Error("a session without a client stays")
		}
	})
}

func TestSecondConnectTakesThePlace(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a")
		old := b.hold(connect)
		young := b.hold(connect)
		if !old.answered() || old.w.Code != http.StatusInternalServerError {
			t.Fatal("the older one is still held")
		}
		b.publish("/a", `{"n":1}`)
		if got := numbers(young.wait()); !slices.Equal(got, []int{1}) {
			t.Errorf("got %v", got)
		}
		old.cancel()
	})
}

func TestSeveralClientsOfABrowser(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		h := b.hold(connect)
		two := b.another()
		two.shake("")
		start := time.Now()
		m := two.send(connect)[0]
		if time.Since(start) != 0 || m["successful"] != true || m.advice("multiple-clients") != true || m.advice("interval") != 2000.0 || m.advice("reconnect") != "retry" {
			t.Errorf("after %v: %v", time.Since(start), m)
		}
		other := b.stranger()
		other.shake("")
		if third := other.hold(connect); third.answered() {
			t.Error("another browser was not held")
		} else {
			third.cancel()
			<-third.done
		}
		h.cancel()
		<-h.done
		if third := two.hold(connect); third.answered() {
			t.Error("still not held, although the first has gone")
		} else {
			third.cancel()
			<-third.done
		}
		if len(b.s.browsers) != 0 {
			t.Errorf("counted for ever: %v", b.s.browsers)
		}
	})
	inBubble(t, Config{MultiSessionInterval: -1}, func(t *testing.T, b *tester) {
		b.shake("")
		h := b.hold(connect)
		two := b.another()
		two.shake("")
		if m := two.send(connect)[0]; m["successful"] != false || m.advice("reconnect") != "none" {
			t.Errorf("%v", m)
		}
		h.cancel()
		<-h.done
	})
}

func TestSessionBelongsToItsBrowser(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		thief := b.stranger()
		thief.id = b.id
		if m := thief.send(connect)[0]; !strings.HasPrefix(m["error"].(string), "402::session_unknown") || m.advice("reconnect") != "handshake" {
			t.Errorf("%v", m)
		}
	})
	inBubble(t, Config{TrustClientID: true}, func(t *testing.T, b *tester) {
		b.shake("")
		b.cookie = ""
		if m := b.hold(connect).wait()[0]; m["successful"] != true {
			t.Errorf("%v", m)
		}
	})
}

func TestTooFarBehind(t *testing.T) {
	inBubble(t, Config{MaxQueue: 3}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a")
		for range 4 {
			b.publish("/a", `{"n":1}`)
		}
		if m := b.send(connect)[0]; m["error"] != "402::session_unknown" || m.advice("reconnect") != "handshake" {
			t.Errorf("%v", m)
		}
	})
}

func TestCloseSendsClientsHome(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		b.subscribe("/a")
		h := b.hold(connect)
		b.s.Close()
		synctest.Wait()
		if m := h.wait()[0]; m["successful"] != true || m.advice("reconnect") != "retry" {
			t.Errorf("%v", m)
		}
		m := b.send(`{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}`)[0]
		if m["error"] != "503::shutting_down" || m.advice("reconnect") != "handshake" {
			t.Errorf("%v", m)
		}
		if m := b.send(connect)[0]; m.advice("reconnect") != "retry" {
			t.Errorf("%v", m)
		}
	})
}

func TestForms(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.shake("")
		texts := []string{`{"channel":"/a","clientId":"` + b.id + `","data":1}`, `[{"channel":"/b","clientId":"` + b.id + `","data":1}]`}
		w := b.form(texts)
		if all := b.parse(w); len(all) != 2 || all[0]["channel"] != "/a" || all[1]["channel"] != "/b" || all[1]["successful"] != true {
			t.Errorf("%v", all)
		}
	})
}

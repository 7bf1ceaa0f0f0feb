package bayeux

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestCallbackPolling(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		b.jsonp = "org.page.got$1"
		b.shake("")
		b.subscribe("/a")
		h := b.hold(connect)
		// Scripts run in the order of their elements: the held one must go first.
		all := b.send(`{"channel":"/a","clientId":"CLIENT","data":{"n":1,"s":"</script><!--\u2028\u2029<"}}`)
		if len(all) != 1 || all[0]["successful"] != true || !h.answered() {
			t.Fatalf("%v, connect answered: %v", all, h.answered())
		}
		if !slices.Equal(numbers(h.wait()), []int{1}) {
			if got := numbers(b.send(connect)); !slices.Equal(got, []int{1}) {
				t.Errorf("delivered %v", got)
			}
		}
		b.publish("/a", "{\"n\":2,\"s\":\"</script><!--\u2028\u2029<\"}")
		w := b.do(t.Context(), strings.ReplaceAll(connect, "CLIENT", b.id))
		body := w.Body.String()
		if strings.ContainsAny(body, "<\u2028\u2029") || !strings.HasPrefix(body, "/**/org.page.got$1([") || !strings.HasSuffix(body, "]);") {
			t.Errorf("script %q", body)
		}
		if m := b.parse(w)[0]; m["data"].(map[string]any)["s"] != "</script><!--\u2028\u2029<" {
			t.Errorf("the data became %v", m)
		}
		h2 := w.Result().Header
		if h2.Get("Content-Type") != "text/javascript;charset=UTF-8" || h2.Get("X-Content-Type-Options") != "nosniff" || h2.Get("Content-Disposition") == "" {
			t.Errorf("%v", h2)
		}
	})
}

func TestHostileCallbacks(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *tester) {
		for _, name := range []string{"alert(1)//", "a b", "1a", "a..b", ".a", "a.", "a-b", "<script>", "é", "a\n", "a;b", "a[0]", strings.Repeat("a", 65)} {
			b.jsonp = name
			w := b.do(t.Context(), `{"channel":"/a"}`)
			var all []got
			if err := json.Unmarshal(w.Body.Bytes(), &all); w.Code != http.StatusBadRequest || err != nil || all[0]["error"] != "400::callback_invalid" {
				t.Errorf("%q: %d %s", name, w.Code, w.Body)
			}
			if ct := w.Result().Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
				t.Errorf("%q: %s", name, ct)
			}
		}
	})
}

func FuzzCallback(f *testing.F) {
	f.Add("cb", []byte(`[{"s":"</script>\u2028"}]`))
	f.Add("a.b", []byte("[\"\u2028\u2029<\"]"))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		if callbackName.MatchString(name) && strings.ContainsAny(name, "()<>\"'; \n\\/=+") {
			t.Fatalf("%q passes for a callback", name)
		}
		if !json.Valid(body) {
			return
		}
		script := string(call("cb", body))
		inner, ok := strings.CutSuffix(strings.TrimPrefix(script, "/**/cb("), ");")
		if !ok || strings.ContainsAny(inner, "<\u2028\u2029") {
			t.Fatalf("%q", script)
		}
		var was, is any
		if json.Unmarshal(body, &was) != nil {
			return
		}
		if err := json.Unmarshal([]byte(inner), &is); err != nil {
			t.Fatalf("%q: %v", inner, err)
		}
		a, _ := json.Marshal(was)
		c, _ := json.Marshal(is)
		if string(a) != string(c) {
			t.Fatalf("%s became %s", a, c)
		}
	})
}

package clients

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Replies as the protocol writes them.
const (
	shaken     = `{"channel":"/meta/handshake","id":"1","successful":true,"clientId":"s1","version":"1.0","supportedConnectionTypes":["long-polling"],` + retry + `,"ext":{"ack":true}}`
	subscribed = `{"channel":"/meta/subscribe","id":"2","successful":true,"subscription":"/hub/c","ext":{"replay":{"/hub/c":"e1-0"}}}`
	connected1 = `{"channel":"/meta/connect","id":"3","successful":true,` + retry + `,"ext":{"ack":1}}`
	unknown    = `{"channel":"/meta/connect","id":"4","successful":false,"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0,"timeout":1}}`
	retry      = `"advice":{"reconnect":"retry","interval":0,"timeout":30000}`
	overNow    = `{"channel":"/meta/connect","id":"9","successful":true,"advice":{"reconnect":"none","interval":0,"timeout":1}}`
	terminated = `{"control":"end","reason":"terminated","retry_ms":250}`
)

func hubDelivery(id, message string) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return `{"channel":"/hub/c",` + id + `"data":` + message + `}`
}

func TestBayeuxDecoder(t *testing.T) {
	for name, c := range map[string]struct {
		wire string
		want string // items, then the error
	}{
		"deliveries":     {"[" + hubDelivery("e1-1", msg1) + "," + connected1 + "]", msg1Item},
		"one alone":      {hubDelivery("e1-1", msg1), "answer of 109 bytes: not a JSON array"},
		"gap":            {"[" + hubDelivery("", gap) + "]", gapItem},
		"end":            {"[" + hubDelivery("", terminated) + "]", "end reason=terminated retry=250ms"},
		"other id":       {"[" + hubDelivery("e1-9", msg1) + "]", `error delivery of e1-1 has the id "e1-9"`},
		"no id":          {"[" + hubDelivery("", msg1) + "]", "error delivery of e1-1 has the id "},
		"client's id":    {`[{"channel":"/hub/c","clientId":"x","data":1}]`, "error a delivery shows a client's id"},
		"other channel":  {`[{"channel":"/c","data":1}]`, "error nobody subscribed to this channel"},
		"nothing":        {`[{"channel":"/hub/c"}]`, "error neither a reply nor a delivery"},
		"reply and data": {`[{"channel":"/hub/c","successful":true,"data":1}]`, "error a reply has no data"},
		"half an advice": {`[{"channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0}}]`, "error advice is not whole"},
		"no advice":      {`[{"channel":"/meta/connect","successful":true}]`, "error no advice"},
		"unknown advice": {`[{"channel":"/meta/connect","successful":true,"advice":{"reconnect":"later","interval":0,"timeout":1}}]`, "error advice to reconnect by later"},
		"handshake, yes": {`[{"channel":"/meta/connect","successful":true,"advice":{"reconnect":"handshake","interval":0,"timeout":1}}]`, "error advice to reconnect by handshake"},
		"no error":       {`[{"channel":"/meta/subscribe","successful":false}]`, "error error is not a string"},
		"odd error":      {`[{"channel":"/meta/subscribe","successful":false,"error":"no"}]`, "error error is not code:args:text"},
		"successful: 1":  {`[{"channel":"/meta/subscribe","successful":1}]`, "error successful is 1"},
		"no client id":   {`[{"channel":"/meta/handshake","successful":true,"version":"1.0",` + retry + `}]`, "error clientId is not a string"},
		"twice":          {`[{"channel":"/hub/c","channel":"/hub/c","data":1}]`, "error channel stands there twice"},
		"number":         {`[1]`, "error no object"},
		"empty":          {`[]`, "answer of 2 bytes: no message in it"},
		"nothing at all": {``, "answer of 0 bytes: empty"},
		"HTML":           {`<html>`, "answer of 6 bytes: not a JSON array"},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := decode(t, "bayeux-long-polling", Params{}, c.wire)
			got := strings.Join(items, "\n")
			if err != nil {
				got += err.Error()
			}
			if !strings.HasPrefix(got, c.want) || c.want != "" && got == "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzBayeux(f *testing.F) {
	fuzzDecoder(f, "bayeux-long-polling", "["+hubDelivery("e1-1", msg1)+","+connected1+"]", "["+shaken+"]", "["+unknown+","+hubDelivery("", gap)+"]", "[]")
}

func FuzzBayeuxCallback(f *testing.F) {
	fuzzDecoderWith(f, "bayeux-callback-polling", Params{Callback: "f"}, "/**/f(["+hubDelivery("e1-1", msg1)+","+connected1+"]);")
}

// bayeuxAsked is one request of the client's.
type bayeuxAsked struct {
	method, path, cookie string
	message              map[string]any
	query                url.Values
}

// bayeuxOrigin answers each request by the next line of a script, and keeps
// what was asked.
func bayeuxOrigin(t *testing.T, answers ...string) (base *url.URL, requests func() []bayeuxAsked) {
	var mu sync.Mutex
	var all []bayeuxAsked
	u, err := url.Parse(serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		q := r.URL.Query()
		if r.Method == http.MethodGet {
			body = []byte(q.Get("message"))
		}
		var list []map[string]any
		if err := json.Unmarshal(body, &list); err != nil || len(list) != 1 {
			t.Errorf("asked %q: %v", body, err)
			return
		}
		a := bayeuxAsked{method: r.Method, path: r.URL.Path, message: list[0], query: q}
		if c, err := r.Cookie("BAYEUX_BROWSER"); err == nil {
			a.cookie = c.Value
		}
		mu.Lock()
		n := len(all)
		all = append(all, a)
		mu.Unlock()
		if n >= len(answers) {
			w.WriteHeader(http.StatusGone)
			return
		}
		if n == 0 {
			http.SetCookie(w, &http.Cookie{Name: "BAYEUX_BROWSER", Value: "b1", Path: "/"})
		}
		answer, cut := strings.CutSuffix(answers[n], "CUT")
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "text/javascript;charset=UTF-8")
			answer = "/**/" + q.Get("jsonp") + "(" + answer + ");"
		} else {
			w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		}
		if cut {
			w.Header().Set("Content-Length", "1000")
		}
		say(w, answer)
		if cut {
			panic(http.ErrAbortHandler)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	return u, func() []bayeuxAsked { mu.Lock(); defer mu.Unlock(); return slices.Clone(all) }
}

func TestBayeuxByPolls(t *testing.T) {
	for _, technique := range []string{"bayeux-long-polling", "bayeux-callback-polling"} {
		t.Run(technique, func(t *testing.T) {
			base, requests := bayeuxOrigin(t, "["+shaken+"]", "["+subscribed+"]", "["+hubDelivery("e1-1", msg1)+","+connected1+"]",
				"["+hubDelivery("", terminated)+","+overNow+"]")
			s := at(technique, SubscribeURL(base, technique, "c", url.Values{"hold": {"5s"}}))
			s.Resume = true
			row, _ := measure.TechniqueByName(technique)
			head := "headers 200 HTTP/1.1 " + row.Type + ";charset=UTF-8"
			want(t, receive(t, s, nil), "dial #1", head, "prelude e1-0", "end clean", head, "message e1-1", "end clean", head, "end clean terminated")
			all := requests()
			var told []string
			for _, a := range all {
				told = append(told, a.method+" "+a.path+" "+a.cookie+" "+a.message["channel"].(string))
				if a.query.Get("hold") != "5s" || a.query.Get("channel") != "c" || a.message["id"] == nil || a.message["channel"] != "/meta/handshake" && a.message["clientId"] != "s1" {
					t.Errorf("%+v", a)
				}
			}
			method := row.Method
			if method == "" {
				method = "GET"
			}
			p := method + " /t/" + technique
			want(t, strings.Join(told, "\n"), p+"/handshake  /meta/handshake", p+" b1 /meta/subscribe", p+"/connect b1 /meta/connect", p+"/connect b1 /meta/connect")
			if ext, _ := all[3].message["ext"].(map[string]any); ext["ack"] != 1.0 || all[1].message["subscription"] != "/hub/c" {
				t.Errorf("%v, then %v", all[1].message, all[3].message)
			}
		})
	}
}

// TestBayeuxComesBack after an answer that was cut, without acknowledging it,
// and after the session was lost, from where it was.
func TestBayeuxComesBack(t *testing.T) {
	base, requests := bayeuxOrigin(t, "["+shaken+"]", "["+subscribed+"]", "["+hubDelivery("e1-1", msg1)+","+connected1+"]",
		"["+hubDelivery("e1-2", msg2)+"CUT", "["+unknown+"]", "["+shaken+"]", "["+subscribed+"]", "["+hubDelivery("", terminated)+","+overNow+"]")
	s := at("bayeux-long-polling", SubscribeURL(base, "bayeux-long-polling", "c", nil))
	s.Resume, s.Retry = true, time.Millisecond
	got := receive(t, s, nil)
	for _, line := range []string{"error answer cut after", "error 402::session_unknown", "end clean terminated"} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	if strings.Contains(got, "e1-2") {
		t.Errorf("a message of an answer that was cut:\n%s", got)
	}
	all := requests()
	if ext, _ := all[4].message["ext"].(map[string]any); ext["ack"] != 1.0 {
		t.Errorf("acknowledged %v behind the cut", ext)
	}
	ext, _ := all[6].message["ext"].(map[string]any)
	if replay, _ := ext["replay"].(map[string]any); replay["/hub/c"] != "e1-1" {
		t.Errorf("subscribed again with %v", all[6].message)
	}
}

func TestBayeuxIsRefused(t *testing.T) {
	base, _ := bayeuxOrigin(t, "["+shaken+"]", `[{"channel":"/meta/subscribe","successful":false,"error":"404:/hub/c:subscribe_failed: channel is terminated"}]`)
	s := at("bayeux-long-polling", SubscribeURL(base, "bayeux-long-polling", "c", nil))
	s.Resume = true
	if got := receive(t, s, nil); !strings.Contains(got, "error 404:/hub/c:subscribe_failed") {
		t.Errorf("got\n%s", got)
	}
	base, _ = bayeuxOrigin(t, `[{"channel":"/meta/handshake","successful":false,"error":"300::version_unsupported","advice":{"reconnect":"none","interval":0,"timeout":1}}]`)
	s.Target.URL = SubscribeURL(base, "bayeux-long-polling", "c", nil)
	if got := receive(t, s, nil); !strings.HasPrefix(got, "dial #1\n") || !strings.Contains(got, "headers 200") || !strings.Contains(got, "error 300::version_unsupported") {
		t.Errorf("got\n%s", got)
	}
}

func TestBayeuxBySocket(t *testing.T) {
	var sockets int
	base, err := url.Parse(serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		sockets++
		read := func() string {
			_, b, err := c.Read(context.Background())
			if err != nil {
				t.Error(err)
			}
			var list []map[string]any
			if err := json.Unmarshal(b, &list); err != nil || len(list) != 1 {
				t.Errorf("%s: %v", b, err)
				return ""
			}
			return list[0]["channel"].(string)
		}
		put := func(text string) { _ = c.Write(context.Background(), websocket.MessageText, []byte(text)) }
		steps := map[string]string{"/meta/handshake": "[" + shaken + "]", "/meta/subscribe": "[" + subscribed + "]", "/meta/connect": "[" + connected1 + "]"}
		if sockets == 1 {
			for range 3 {
				put(steps[read()])
			}
			put("[" + hubDelivery("e1-1", msg1) + "]")
			read()
			c.Close(websocket.StatusGoingAway, "")
			return
		}
		if got := read(); got != "/meta/connect" { // the session goes on
			t.Errorf("the second socket begins with %s", got)
		}
		put("[" + hubDelivery("", terminated) + "," + overNow + "]")
		c.Close(websocket.StatusNormalClosure, "")
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := at("bayeux-websocket", SubscribeURL(base, "bayeux-websocket", "c", nil))
	s.Resume, s.Retry = true, time.Millisecond
	got := strings.Split(receive(t, s, nil), "\n")
	var told []string
	for _, l := range got {
		if !strings.HasPrefix(l, "write") {
			told = append(told, l)
		}
	}
	want(t, strings.Join(told, "\n"), "dial #1", "headers 101 HTTP/1.1", "prelude e1-0", "heartbeat connect", "message e1-1", "end clean",
		"reconnect e1-1 close frame 1001", "dial #2", "headers 101 HTTP/1.1 #2", "end clean terminated #2")
}

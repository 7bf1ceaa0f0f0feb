package clients

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseMessage(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"message", msg1, msg1Item},
		{"padding behind it", msg1 + "      ", msg1Item},
		{"data may be anything", `{"channel":"c","id":"x-1","sent_us":1,"data":null}`, "message id=x-1 ->x-1 sent=1 4 bytes null"},
		{"data is as written", `{"channel":"c","id":"x-1","sent_us":1,"data":[1.50,"\u00e4\/"]}`, `message id=x-1 ->x-1 sent=1 17 bytes [1.50,"\u00e4\/"]`},
		{"white space between", `{ "channel" : "c" , "id" : "x-1" , "sent_us" : 1 , "data" : { "a" : [ 1 , 2 ] } }`, `message id=x-1 ->x-1 sent=1 19 bytes { "a" : [ 1 , 2 ] }`},
		{"brackets in strings", `{"channel":"c","data":"}]\"{","id":"x-1","sent_us":1}`, `message id=x-1 ->x-1 sent=1 7 bytes "}]\"{"`},
		{"base64", `{"channel":"c","id":"x-1","sent_us":1,"data_b64":"AP8="}`, "message id=x-1 ->x-1 sent=1 2 bytes \x00\xff"},
		{"new fields are ignored", `{"channel":"c","id":"x-1","sent_us":1,"ID":"y","new":{"id":"z"},"data":1}`, "message id=x-1 ->x-1 sent=1 1 bytes 1"},
		{"escaped name", `{"channel":"c","\u0069d":"x-1","sent_us":1,"data":1}`, "message id=x-1 ->x-1 sent=1 1 bytes 1"},
		{"last of two wins, as in a browser", `{"channel":"c","id":"x-1","id":"x-2","sent_us":1,"data":1}`, "message id=x-2 ->x-2 sent=1 1 bytes 1"},
		{"hello", hello, helloItem},
		{"heartbeat", beat, beatItem},
		{"gap", gap, gapItem},
		{"gap of unknown size", lost, lostItem},
		{"end", done, endItem},
		{"end without retry", `{"control":"end","reason":"limit"}`, "end reason=limit"},
	} {
		it, err := parseMessage([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := show(it); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseMessageRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, "empty"},
		{`   `, "empty"},
		{`[1]`, "not a JSON object"},
		{msg1[:len(msg1)-1], "not a JSON object"},
		{msg1 + "}", "not a JSON object"},
		{"{\"channel\":\"c\",\"id\":\"x\",\"sent_us\":1,\"data\":\"\xff\"}", "not UTF-8"},
		{"{\"channel\":\"c\",\"id\":\"x\",\"sent_us\":1,\"data\":\"\n\"}", "not a JSON object"},
		{`{"id":"x","sent_us":1,"data":1}`, "channel"},
		{`{"channel":"c","sent_us":1,"data":1}`, "id"},
		{`{"channel":"c","ID":"x","sent_us":1,"data":1}`, "id"},
		{`{"channel":"c","id":"","sent_us":1,"data":1}`, "id is missing or empty"},
		{`{"channel":"c","id":7,"sent_us":1,"data":1}`, "id is not a string"},
		{`{"channel":"c","id":"x","data":1}`, "sent_us"},
		{`{"channel":"c","id":"x","sent_us":1.5,"data":1}`, "sent_us is not a whole number"},
		{`{"channel":"c","id":"x","sent_us":1,"due_us":"1","data":1}`, "due_us"},
		{`{"channel":"c","id":"x","sent_us":1}`, "one of data and data_b64"},
		{`{"channel":"c","id":"x","sent_us":1,"data":1,"data_b64":""}`, "one of data and data_b64"},
		{`{"channel":"c","id":"x","sent_us":1,"data_b64":"?"}`, "not base64"},
		{`{"control":"welcome"}`, "unknown control"},
		{`{"control":"hello","epoch":"e1","at_us":1}`, "last"},
		{`{"control":"gap","next":"e1-3"}`, "missed is missing"},
		{`{"control":"gap","missed":"many","next":"e1-3"}`, "missed"},
		{`{"control":"gap","missed":1}`, "next"},
		{`{"control":"end"}`, "reason"},
		{`{"control":"end","reason":"limit","retry_ms":-1}`, "retry_ms"},
		{`{"control":"heartbeat","at_us":1,"id":"x"}`, "no id"},
	} {
		it, err := parseMessage([]byte(c.text))
		if err == nil {
			t.Errorf("%q was taken for %s", c.text, show(it))
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %q, want %q in it", c.text, err, c.want)
		}
	}
}

// FuzzScan holds the scanner against encoding/json.
func FuzzScan(f *testing.F) {
	for _, s := range []string{msg1, msg2, gap, `{}`, `[]`, `{"a":{"b":[1,"]}"]},"c":-1e5}`, ` [ 1 , [2,[ ]] , "\\" ] `, `{"":true,"x":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !utf8.Valid(b) {
			return // refused before it is scanned
		}
		var list []json.RawMessage
		var object map[string]json.RawMessage
		switch {
		case json.Unmarshal(b, &list) == nil && list != nil:
			i := 0
			eachElement(b, func(v []byte) {
				if i >= len(list) || string(v) != string(list[i]) {
					t.Fatalf("element %d of %q is %q", i, b, v)
				}
				i++
			})
			if i != len(list) {
				t.Fatalf("%d elements of %d in %q", i, len(list), b)
			}
		case json.Unmarshal(b, &object) == nil && object != nil:
			got := map[string]string{}
			eachField(b, func(name, v []byte) { got[string(name)] = string(v) })
			if len(got) != len(object) {
				t.Fatalf("%d fields of %d in %q", len(got), len(object), b)
			}
			for name, v := range got {
				if string(object[name]) != v {
					t.Fatalf("field %q of %q is %q, want %q", name, b, v, object[name])
				}
			}
		}
	})
}

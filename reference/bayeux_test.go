package reference

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// random are the parts of an answer that differ each time, by name.
var random = []struct {
	name string
	find *regexp.Regexp
}{
	{"CLIENT", regexp.MustCompile(`"clientId":"([A-Z2-7]{26})"`)},
	{"BROWSER", regexp.MustCompile(`BAYEUX_BROWSER=([a-z2-7]{26})`)},
}

// TestBayeuxWire is a whole session of each polling transport, to the byte,
// but for what is random.
func TestBayeuxWire(t *testing.T) {
	for _, transport := range []string{"long-polling", "callback-polling"} {
		t.Run(transport, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				var out strings.Builder
				client, cookie := "", ""
				ask := func(then func(), fields string) {
					text := "[{" + strings.ReplaceAll(fields, "CLIENT", client) + "}]"
					target := "/t/bayeux-" + transport + "?channel=news&hold=20s&padding=140"
					request := "POST " + target + " HTTP/1.1\r\nHost: origin\r\nContent-Type: application/json;charset=UTF-8\r\n"
					if transport == "callback-polling" {
						request = "GET " + target + "&jsonp=page.got&message=" + url.QueryEscape(text) + " HTTP/1.1\r\nHost: origin\r\n"
						text = ""
					} else {
						request += fmt.Sprintf("Content-Length: %d\r\n", len(text))
					}
					if cookie != "" {
						request += "Cookie: BAYEUX_BROWSER=" + cookie + "\r\n"
					}
					request += "\r\n" + text
					c := b.open(request)
					if then != nil {
						then()
					}
					got := c.wire()
					for _, r := range random {
						if m := r.find.FindStringSubmatch(got); m != nil {
							if r.name == "CLIENT" {
								client = m[1]
							} else {
								cookie = m[1]
							}
						}
					}
					exchange := visible(request) + "\n--\n" + visible(got) + "\n==\n"
					exchange = strings.ReplaceAll(exchange, client, "CLIENT")
					if cookie != "" {
						exchange = strings.ReplaceAll(exchange, cookie, "BROWSER")
					}
					out.WriteString(exchange)
					c.leave()
				}
				ask(nil, `"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["`+transport+`"],"id":"1","ext":{"ack":true}`)
				ask(nil, `"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/hub/news","id":2`)
				ask(func() { b.publish("news", "two\nlines \u2028 <!-- é") },
					`"channel":"/meta/connect","clientId":"CLIENT","connectionType":"`+transport+`","id":"3","ext":{"ack":0}`)
				ask(func() { time.Sleep(20 * time.Second) }, `"channel":"/meta/connect","clientId":"CLIENT","connectionType":"`+transport+`","id":"4","ext":{"ack":1}`)
				ask(nil, `"channel":"/hub/news","clientId":"CLIENT","data":1,"id":"5"`)
				ask(func() { b.hub.Terminate("news") }, `"channel":"/meta/connect","clientId":"CLIENT","connectionType":"`+transport+`","id":"6","ext":{"ack":1}`)
				checkGolden(t, "bayeux-"+transport, out.String())
				want := "headers;end answered;headers;publish;end answered;write e7k2-1;headers;end answered;error;headers;end answered"
				var told []string
				events, _, _ := b.record.since("news", 0)
				for _, e := range events {
					switch e.Kind {
					case kindWrite:
						told = append(told, e.Kind+" "+e.ID)
					case kindEnd:
						told = append(told, e.Kind+" "+e.Note)
					default:
						told = append(told, e.Kind)
					}
				}
				if got := strings.Join(told, ";"); got != want {
					t.Errorf("record\n%s, want\n%s", got, want)
				}
				if b.hub.Subscribers("news") != 0 || b.bayeux.Sessions() != 0 {
					t.Errorf("%d subscribers and %d sessions behind the end", b.hub.Subscribers("news"), b.bayeux.Sessions())
				}
			})
		})
	}
}

// TestBayeuxSocketWire has a session's frames.
func TestBayeuxSocketWire(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		conn := b.socketAt("bayeux-websocket?channel=news&heartbeat=20s", true)
		var out strings.Builder
		client := ""
		next := func() string {
			_, frame, err := conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if m := random[0].find.FindSubmatch(frame); m != nil {
				client = string(m[1])
			}
			return strings.ReplaceAll(string(frame), client, "CLIENT") + "\n"
		}
		say := func(fields string) {
			text := "[{" + strings.ReplaceAll(fields, "CLIENT", client) + "}]"
			out.WriteString("> [{" + fields + "}]\n")
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		say(`"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"id":"1"`)
		out.WriteString(next())
		say(`"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/hub/news","id":"2"`)
		out.WriteString(next())
		say(`"channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","id":"3"`)
		b.publish("news", "pushed, and the connect goes on")
		out.WriteString(next())
		out.WriteString(next()) // 20 s later
		say(`"channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","id":"4"`)
		synctest.Wait()
		b.hub.Terminate("news")
		out.WriteString(next())
		_, _, err := conn.Read(t.Context())
		fmt.Fprintf(&out, "closed with %d\n", websocket.CloseStatus(err))
		checkGolden(t, "bayeux-websocket", out.String())
	})
}

// TestBayeuxReplays what was published while nobody listened, and says what
// left the window.
func TestBayeuxReplays(t *testing.T) {
	inBubble(t, Config{Window: 2}, func(t *testing.T, b *bench) {
		b.publish("news", "one", "two", "three")
		conn := b.socketAt("bayeux-websocket?channel=news", true)
		send := func(text string) string {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			_, frame, err := conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return string(frame)
		}
		m := random[0].find.FindStringSubmatch(send(`{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}`))
		subscribe := func(ext string) string {
			return send(`{"channel":"/meta/subscribe","clientId":"` + m[1] + `","subscription":"/hub/news","ext":` + ext + `}`)
		}
		if got := subscribe(`{"replay":{"/hub/news":"pink"}}`); !strings.Contains(got, `"error":"403:/hub/news:subscribe_denied: replay`) {
			t.Errorf("got %s", got)
		}
		subscribe(`{"replay":{"/hub/news":"e7k2-0"}}`)
		_, frame, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := string(frame); !strings.HasPrefix(got, `[{"channel":"/hub/news","data":{"control":"gap","missed":1,"next":"e7k2-2"}},`) || strings.Count(got, `"id":"e7k2-`) != 4 {
			t.Errorf("got %s", got)
		}
		if got := send(`{"channel":"/meta/subscribe","clientId":"` + m[1] + `","subscription":"/hub/*"}`); !strings.Contains(got, `"error":"403:/hub/*:subscribe_denied`) {
			t.Errorf("got %s", got)
		}
	})
}

package sockjsprotocol_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
	"github.com/cometbench/cometbench/reference"
)

// transports are those that sockjs-client has in Node, jsonp-polling with as
// much of a document as it needs. htmlfile needs a browser.
var transports = []string{"websocket", "xhr-streaming", "eventsource", "xhr-polling", "jsonp-polling"}

// origin is a reference server for real clients.
func origin(t *testing.T) (*reference.Server, string) {
	t.Helper()
	srv, err := reference.New(reference.Config{Record: true})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(func() { // behind the clients, which were started later
		web.CloseClientConnections()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		web.Close()
	})
	return srv, web.URL
}

// through is the address of a path that leads there.
func through(t *testing.T, spec, address string) string {
	t.Helper()
	if spec == "direct" {
		return address
	}
	proxy, err := proxies.Parse(spec, proxies.ParseOptions{Real: real.Parse})
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.Available(); err != nil {
		t.Skip(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	in, err := proxy.Start(t.Context(), proxies.Env{Origin: u, Mode: proxies.Reverse, Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in.Route().Base.String()
}

// hard are messages that something on the way might not stand.
var hard = []string{"plain", "", " leading and trailing ", "line\nfeed\r\n\ttab", "\x00\x01\x1f\x7f", `"quoted" \ back`, "</script><!-- ]]>",
	"\u200c\u2028\u2029\u202f\u2060\ufeff\uffff", "Grüße, 世界 \U0001f600", strings.Repeat("x", 5000)}

// TestClientEchoes: the published client sends and gets back whatever a string
// may hold, in order, by each transport.
func TestClientEchoes(t *testing.T) {
	_, address := origin(t)
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := startClient(t, address+"/sockjs/cookie_needed_echo", transport, hard...)
			if open := c.next("open"); open.Transport != transport {
				t.Errorf("opened by %s", open.Transport)
			}
			for _, want := range hard {
				if got := c.next("message"); got.Data != want {
					t.Errorf("got %.100q, want %.100q", got.Data, want)
				}
			}
		})
	}
}

// TestClientIsClosed: it understands why a session ends.
func TestClientIsClosed(t *testing.T) {
	_, address := origin(t)
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := startClient(t, address+"/sockjs/close", transport)
			c.next("open")
			if over := c.next("over"); over.Code != 3000 || over.Why != "Go away!" {
				t.Errorf("closed with %d %q", over.Code, over.Why)
			}
		})
	}
}

// TestClientReceives: a thousand messages, each once and in order, across many
// answers, by each transport and path.
func TestClientReceives(t *testing.T) {
	srv, address := origin(t)
	for _, spec := range []string{"direct", "transparent", "real:nginx/streaming"} {
		t.Run(spec, func(t *testing.T) {
			base := through(t, spec, address)
			for _, transport := range transports {
				t.Run(transport, func(t *testing.T) { receive(t, srv, base, spec+"-"+transport, transport) })
			}
		})
	}
}

func receive(t *testing.T, srv *reference.Server, base, channel, transport string) {
	c := startClient(t, base+"/sockjs/hub?recycle_bytes=32768&channel="+url.QueryEscape(channel), transport)
	c.next("open")
	if hello := c.next("message"); !strings.Contains(hello.Data, `"control":"hello"`) {
		t.Fatalf("got %q first", hello.Data)
	}
	const atOnce = 100 // fewer than may wait for a subscriber
	for n := 0; n < 1000; n += atOnce {
		for i := range atOnce {
			if _, err := srv.Hub().Publish(channel, "application/json", fmt.Appendf(nil, `{"n":%d}`, n+i), 0); err != nil {
				t.Fatal(err)
			}
		}
		for i := range atOnce {
			var m struct{ Data struct{ N int } }
			if got := c.next("message"); json.Unmarshal([]byte(got.Data), &m) != nil || m.Data.N != n+i {
				t.Fatalf("got %.200q, want message %d", got.Data, n+i)
			}
		}
	}
	srv.Hub().Terminate(channel)
	c.next("message") // the end notice
	if over := c.next("over"); over.Code != 3000 || over.Why != "terminated" {
		t.Errorf("closed with %d %q", over.Code, over.Why)
	}
}

// TestClientFallsBack: what the client ends up with when it is left to choose,
// and that it works. It gives each transport only some times what the answer of
// /info took, so a machine that was busy for a moment sends it one further down:
// one of three tries has to end where it should.
func TestClientFallsBack(t *testing.T) {
	_, address := origin(t)
	for spec, want := range map[string]string{
		"direct":                     "websocket",
		"fault:upgrade(mode=refuse)": "xhr-streaming",
		"nginx-default":              "xhr-polling",
		"fault:upgrade(mode=refuse)&buffer(until=close)":                                "xhr-polling",
		"fault:upgrade(mode=refuse)&buffer(until=close,if=type:application/javascript)": "eventsource",
	} {
		t.Run(spec, func(t *testing.T) {
			base := through(t, spec, address) + "/sockjs/echo"
			var opened []string
			for len(opened) < 3 && !slices.Contains(opened, want) {
				c := startClient(t, base, "any", "one", "two")
				opened = append(opened, c.next("open").Transport)
				for _, text := range []string{"one", "two"} {
					if got := c.next("message"); got.Data != text {
						t.Errorf("got %q, want %q", got.Data, text)
					}
				}
			}
			if !slices.Contains(opened, want) {
				t.Errorf("it opened by %s, want %s", opened, want)
			}
		})
	}
}

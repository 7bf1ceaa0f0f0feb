package proxies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// start runs spec over real sockets in front of handler.
func start(t *testing.T, spec string, env Env, handler http.HandlerFunc) (Instance, *url.URL) {
	t.Helper()
	origin := httptest.NewServer(handler)
	t.Cleanup(origin.Close)
	if env.Origin == nil {
		env.Origin = mustURL(origin.URL)
	}
	proxy, err := Parse(spec, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := proxy.Start(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inst.Close(); err != nil {
			t.Error(err)
		}
	})
	return inst, env.Origin
}

// fetch asks for /x the way that route says.
func fetch(t *testing.T, route Route, origin *url.URL) (int, string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	if route.Proxy != nil {
		transport.Proxy = http.ProxyURL(route.Proxy)
	}
	if route.Base != nil {
		origin = route.Base
	}
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	resp, err := client.Get(origin.JoinPath("x").String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func hello(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "hello from "+r.URL.Path)
}

func TestModesOverSockets(t *testing.T) {
	for _, mode := range []Mode{"", Reverse, Forward, TCP} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			inst, origin := start(t, "transparent", Env{Mode: mode}, hello)
			if status, body := fetch(t, inst.Route(), origin); status != 200 || body != "hello from /x" {
				t.Errorf("%d %q", status, body)
			}
			if s := inst.Stats(); s.Hits != 1 || s.Accepted != 1 || s.Upstream != 1 {
				t.Errorf("stats %+v", s)
			}
			if (inst.Route().Proxy != nil) != (mode == Forward) {
				t.Errorf("route %v", inst.Route())
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, spec := range []string{"transparent", "forward:http://127.0.0.1:1"} {
		p, _ := Parse(spec, ParseOptions{})
		_, err := p.Start(context.Background(), Env{Origin: mustURL("http://127.0.0.1:1"), Listen: l.Addr().String()})
		if want := "listen on " + l.Addr().String() + ": the port is in use"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
}

func TestOriginDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, mode := range []Mode{Reverse, Forward} {
		inst, origin := start(t, "transparent", Env{Mode: mode, Origin: mustURL("http://" + l.Addr().String())}, hello)
		status, body := fetch(t, inst.Route(), origin)
		if status != http.StatusBadGateway || !strings.HasPrefix(body, "bad gateway: ") || strings.Count(body, "\n") != 1 {
			t.Errorf("%s: %d %q", mode, status, body)
		}
	}
}

// say sends raw lines to the proxy and returns the status and body it answers.
func say(t *testing.T, at *url.URL, request string) (int, string) {
	t.Helper()
	c := dialTCP(t, at.Host)
	defer c.Close()
	_, _ = io.WriteString(c, request)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
	return resp.StatusCode, string(body)
}

func TestForwardIsNoOpenProxy(t *testing.T) {
	inst, origin := start(t, "transparent", Env{Mode: Forward, Allow: []string{"127.0.0.1:1"}}, hello)
	at := inst.Route().Proxy
	local := "localhost:" + origin.Port()
	for request, want := range map[string]int{
		"GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n":                     403,
		"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n":                 403,
		"CONNECT 127.0.0.1:2 HTTP/1.1\r\nHost: 127.0.0.1:2\r\n\r\n":                         403,
		"GET http://127.0.0.1:2/ HTTP/1.1\r\nHost: " + origin.Host + "\r\n\r\n":             403,
		"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\n\r\n":                               502,
		"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n":                         502,
		"CONNECT nonsense HTTP/1.1\r\nHost: nonsense\r\n\r\n":                               400,
		"GET /x HTTP/1.1\r\nHost: " + origin.Host + "\r\n\r\n":                              400,
		"GET ftp://" + origin.Host + "/ HTTP/1.1\r\nHost: x\r\n\r\n":                        400,
		"GET http://" + local + "/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":       200,
		"GET http://" + origin.Host + "/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": 200,
	} {
		if got, body := say(t, at, request); got != want || strings.Count(body, "\n") > 1 {
			t.Errorf("%q: %d %q, want %d", request, got, body, want)
		}
	}
}

func TestHeaderSizesAreBounded(t *testing.T) {
	inst, origin := start(t, "transparent", Env{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Big", strings.Repeat("x", 2*maxHeaderBytes))
	})
	if status, _ := fetch(t, inst.Route(), origin); status != http.StatusBadGateway {
		t.Errorf("large response head: %d, want 502", status)
	}
	big := "GET /x HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("x", 2*maxHeaderBytes) + "\r\n\r\n"
	if status, _ := say(t, inst.Route().Base, big); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("large request head: %d, want 431", status)
	}
}

func TestChains(t *testing.T) {
	for _, c := range []struct {
		spec string
		mode Mode
		via  string // the path that the origin must be asked by
	}{
		{"transparent+transparent", Reverse, ""},
		{"transparent+transparent+fault:latency(1ms)", Forward, ""},
		{"transparent+transparent", TCP, ""},
		{"transparent+PARENT", Reverse, ""},
		{"transparent+PARENT", Forward, ""},
		{"PARENT", "", ""},
		{"PARENT+transparent", "", ""},
		{"transparent+REVERSE", Reverse, ""},
		{"transparent+REVERSE", Forward, ""},
	} {
		t.Run(c.spec+" "+string(c.mode), func(t *testing.T) {
			// Somebody else's proxy: one of ours, told to reach everything.
			parent, origin := start(t, "transparent", Env{Mode: Forward, Allow: []string{"*"}}, hello)
			spec := strings.NewReplacer("PARENT", "forward:"+parent.Route().Proxy.String(), "REVERSE", "reverse:"+origin.String()).Replace(c.spec)
			inst, _ := start(t, spec, Env{Origin: origin, Mode: c.mode}, hello)
			if status, body := fetch(t, inst.Route(), origin); status != 200 || body != "hello from /x" {
				t.Errorf("%d %q", status, body)
			}
			waitFor(t, func() bool { return inst.Stats().Hits == 1 })
			want := 0
			if strings.Contains(c.spec, "PARENT") {
				want = 1
			}
			if got := parent.Stats().Hits; got != want {
				t.Errorf("the parent saw %d requests, want %d", got, want)
			}
		})
	}
}

// An upgrade through a parent proxy is tunnelled with CONNECT.
func TestUpgradeThroughParent(t *testing.T) {
	parent, origin := start(t, "transparent", Env{Mode: Forward}, switching(func(c net.Conn, rw *bufio.ReadWriter) {
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(c, "got "+line)
	}))
	inst, _ := start(t, "transparent+forward:"+parent.Route().Proxy.String(), Env{Origin: origin}, hello)
	c := dialTCP(t, inst.Route().Base.Host)
	defer c.Close()
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("X-Kept") != "yes" {
		t.Fatalf("%v %v", resp, err)
	}
	_, _ = io.WriteString(c, "ping\n")
	if line, _ := r.ReadString('\n'); line != "got ping\n" {
		t.Errorf("%q", line)
	}
	if got := parent.Stats().Hits; got != 2 { // CONNECT, and the request in it
		t.Errorf("the parent saw %d requests, want 2", got)
	}
}

func TestForeignKeepsCredentials(t *testing.T) {
	inst, _ := start(t, "forward:http://user:secret@127.0.0.1:1", Env{}, hello)
	if p := inst.Route().Proxy; p.User.String() != "user:secret" || p.Host == "127.0.0.1:1" {
		t.Errorf("route %v", p)
	}
}

func TestForeignDown(t *testing.T) {
	inst, origin := start(t, "forward:http://127.0.0.1:1", Env{}, hello)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(inst.Route().Proxy), DisableKeepAlives: true}}
	if resp, err := client.Get(origin.String()); err == nil {
		resp.Body.Close()
		t.Error("an answer from nowhere")
	}
	waitFor(t, func() bool { return inst.Stats().Accepted == 1 && inst.Stats().OpenClients == 0 })
	if s := inst.Stats(); s.Hits != 0 || inst.(*relayed).Relay().Stats().Undelivered != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestStartRejects(t *testing.T) {
	origin := mustURL("http://127.0.0.1:1")
	for _, c := range []struct {
		spec string
		env  Env
		want string
	}{
		{"transparent", Env{}, "no origin"},
		{"direct", Env{}, "no origin"},
		{"nginx-default", Env{Origin: origin, Mode: Forward}, "no forward mode"},
		{"forward:http://h", Env{Origin: origin, Mode: Reverse}, "no reverse mode"},
		{"reverse:http://h", Env{Origin: origin, Mode: TCP}, "no tcp mode"},
		{"fault:http10", Env{Origin: origin, Mode: TCP}, "fault http10 needs to see HTTP"},
		{"transparent", Env{Origin: origin, Scale: -1}, "negative"},
		{"transparent", Env{Origin: origin, Listen: "127.0.0.1:99999"}, "listen on"},
		{"fault:buffer(every=1s)+nginx-default", Env{Origin: origin, Mode: TCP}, "needs to see HTTP"},
	} {
		p, err := Parse(c.spec, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inst, err := p.Start(context.Background(), c.env)
		if err == nil {
			inst.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.spec, err, c.want)
		}
	}
}

// Cancelling the context that an instance was started with does not end it.
func TestInstanceOutlivesStart(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(hello))
	defer origin.Close()
	ctx, cancel := context.WithCancel(context.Background())
	p, _ := Parse("transparent", ParseOptions{})
	inst, err := p.Start(ctx, Env{Origin: mustURL(origin.URL)})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if status, _ := fetch(t, inst.Route(), mustURL(origin.URL)); status != 200 {
		t.Errorf("status %d", status)
	}
	if err := errors.Join(inst.Close(), inst.Close()); err != nil {
		t.Error(err)
	}
}

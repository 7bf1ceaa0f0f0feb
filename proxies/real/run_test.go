package real_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(asParent); spec != "" {
		startAndHang(spec)
	}
	goleak.VerifyTestMain(suite{m})
}

// asParent is set in the environment of a process that starts the proxy of that
// spec and never stops it.
const asParent = "COMETBENCH_TEST_AS_PARENT"

// startAndHang prints the directory of a started proxy and waits to be killed.
func startAndHang(spec string) {
	p, err := real.Parse(spec)
	if err == nil {
		var in proxies.Instance
		in, err = p.Start(context.Background(), proxies.Env{Origin: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}})
		if err == nil {
			fmt.Println(in.(*real.Instance).Dir())
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// each runs a test for every program with every configuration that comes with
// it, where the program is installed.
func each(t *testing.T, test func(t *testing.T, p proxies.Proxy)) {
	for _, program := range real.Programs() {
		for _, config := range program.Configs {
			t.Run(program.Name+"/"+config.Name, func(t *testing.T) {
				test(t, parse(t, "real:"+program.Name+"/"+config.Name))
			})
		}
	}
}

// stock runs a test for every program with its first configuration.
func stock(t *testing.T, test func(t *testing.T, p proxies.Proxy)) {
	for _, program := range real.Programs() {
		t.Run(program.Name, func(t *testing.T) { test(t, parse(t, "real:"+program.Name)) })
	}
}

func parse(t *testing.T, spec string) proxies.Proxy {
	t.Helper()
	p, err := real.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		t.Skip(err)
	}
	return p
}

func origin(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := serve(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// serve answers by HTTP/1 and, as nghttpx can ask, by HTTP/2.
func serve(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	return s
}

func start(t *testing.T, p proxies.Proxy, to *url.URL) *real.Instance {
	t.Helper()
	in, err := p.Start(t.Context(), proxies.Env{Origin: to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in.(*real.Instance)
}

// client returns one that keeps no connections.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// reach returns a client that keeps no connections, and the URL by which it
// asks in for the origin.
func reach(t *testing.T, in *real.Instance, to *url.URL) (*http.Client, *url.URL) {
	c, route := client(t), in.Route()
	if route.Proxy == nil {
		u := *route.Base
		u.Path = to.Path
		return c, &u
	}
	c.Transport.(*http.Transport).Proxy = http.ProxyURL(route.Proxy)
	return c, to
}

// address is where in listens.
func address(in proxies.Instance) string {
	if route := in.Route(); route.Proxy != nil {
		return route.Proxy.Host
	}
	return in.Route().Base.Host
}

func get(t *testing.T, c *http.Client, u *url.URL) string {
	t.Helper()
	resp, err := c.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return textOf(resp.StatusCode, body)
}

func textOf(status int, body []byte) string {
	if status != http.StatusOK {
		return http.StatusText(status) + ": " + string(body)
	}
	return string(body)
}

func TestServesAndCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p proxies.Proxy) {
		to := origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello "+r.Proto) })
		in := start(t, p, to)
		counted(t, p, in, 0)
		c, u := reach(t, in, to)
		for range 3 {
			want := protocols[p.Capabilities().Back[0]]
			if got := get(t, c, u); got != "hello "+want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for range 2 { // asking must not count
			counted(t, p, in, 3)
		}
		if in.Version() == "" || !strings.HasPrefix(in.ConfigHash(), "sha256:") {
			t.Errorf("version %q, configuration %q", in.Version(), in.ConfigHash())
		}
		if info, err := os.Stat(in.Dir()); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("directory: %v, %v", info, err)
		}
		if u, err := in.Usage(); err != nil || u.Processes < fewest(p) || u.RSS == 0 || u.Descriptors == 0 {
			t.Errorf("usage %+v, %v", u, err)
		}
	})
}

// protocols are the names of HTTP versions on the wire.
var protocols = map[string]string{"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0"}

// Bodies that do not fit into the buffers in memory need the temporary
// directories.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	const size, times = 900 << 10, 8 // nginx takes 1 MB unless told otherwise
	each(t, func(t *testing.T, p proxies.Proxy) {
		to := page(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			for range times {
				w.Write(body)
			}
		})
		c, u := reach(t, kept(t, p, ""), to)
		body := strings.Repeat("0123456789abcdef", size/16)
		resp, err := c.Post(u.String(), "text/plain", struct{ io.Reader }{strings.NewReader(body)})
		if err != nil && p.Name() == "real:privoxy/buffer-limit" {
			return // refused before all of it was sent
		}
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if p.Name() == "real:privoxy/buffer-limit" { // a body in chunks has to fit into the buffer for filters, too
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s for a body larger than the buffer", resp.Status)
			}
			return
		}
		if err != nil || string(got) != strings.Repeat(body, times) {
			t.Errorf("%s, %d bytes back, %v", resp.Status, len(got), err)
		}
	})
}

func TestReloadKeepsServingAndCounting(t *testing.T) {
	t.Parallel()
	stock(t, func(t *testing.T, p proxies.Proxy) {
		to := origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
		in := start(t, p, to)
		c, u := reach(t, in, to)
		for i := range 3 {
			if got := get(t, c, u); got != "hello" {
				t.Errorf("after %d reloads: %q", i, got)
			}
			counted(t, p, in, i+1)
			// Who cannot says so in a way that callers can tell from a failure.
			if err := in.Reload(t.Context()); reloads(p) != (err == nil) || err != nil && !errors.Is(err, proxies.ErrNoReload) {
				t.Fatal(err)
			}
		}
	})
}

func TestATakenPort(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		other := origin(t, func(w http.ResponseWriter, r *http.Request) {})
		_, err := p.Start(t.Context(), proxies.Env{Origin: other, Listen: other.Host})
		if err == nil || !strings.Contains(err.Error(), "somebody else took the port") {
			t.Errorf("started on a taken port: %v", err)
		}
	})
}

func TestTwoOnOnePort(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) {}))
		second, err := p.Start(t.Context(), proxies.Env{Origin: &url.URL{Scheme: "http", Host: address(in)}, Listen: address(in)})
		if err == nil {
			second.Close()
			t.Error("the second of two on one port started")
		}
	})
}

func TestStartRefuses(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		http, _ := url.Parse("http://127.0.0.1:1")
		https, _ := url.Parse("https://127.0.0.1:1")
		for name, env := range map[string]proxies.Env{
			"tcp mode":          {Origin: http, Mode: proxies.TCP},
			"a mode it has not": {Origin: http, Mode: otherMode(p)},
			"a parent":          {Origin: http, Parent: http},
			"no origin":         {},
			"no scheme":         {Origin: &url.URL{Host: http.Host}},
			"https in reverse":  {Origin: https, Mode: proxies.Reverse},
			"no port":           {Origin: http, Listen: "127.0.0.1"},
		} {
			if in, err := p.Start(t.Context(), env); err == nil {
				in.Close()
				t.Errorf("%s: started", name)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if in, err := p.Start(ctx, proxies.Env{Origin: http}); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that is over: %v, %v", in, err)
		}
	})
}

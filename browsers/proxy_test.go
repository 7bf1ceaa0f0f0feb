package browsers

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// forwardProxy passes requests with an absolute URI and CONNECT tunnels on,
// and keeps what it was asked for as "METHOD PATH" or "CONNECT HOST".
type forwardProxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newForwardProxy(t *testing.T) *forwardProxy {
	t.Helper()
	p := &forwardProxy{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Server.Close)
	return p
}

func (p *forwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if r.Method == http.MethodConnect {
		p.asked = append(p.asked, "CONNECT "+r.Host)
	} else {
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	}
	p.mu.Unlock()
	if r.Method == http.MethodConnect || r.Header.Get("Upgrade") != "" {
		p.tunnel(w, r)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		_, _ = w.Write(buf[:n])
		_ = flush.Flush()
		if err != nil {
			return
		}
	}
}

func (p *forwardProxy) tunnel(w http.ResponseWriter, r *http.Request) {
	upstream, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if r.Method == http.MethodConnect {
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	} else if r.Write(upstream) != nil {
		return
	}
	go func() {
		_, _ = io.Copy(upstream, client)
		upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
}

func (p *forwardProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func TestForwardProxySeesTheRequests(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		for technique, want := range map[string]string{
			"eventsource": "GET /t/eventsource",
			"long-poll":   "GET /t/long-poll",
			"websocket":   "CONNECT ",
		} {
			t.Run(technique, func(t *testing.T) {
				t.Parallel()
				if want == "CONNECT " && c.Name() == "webkit" {
					want = "GET /t/websocket"
				}
				o, p := newOrigin(t), newForwardProxy(t)
				s := subscription(technique, o.url(technique))
				s.Target.Proxy = p.URL
				receive(t, c, s, id("e-5"))
				asked := p.requests()
				through := func(prefix string) bool {
					return slices.ContainsFunc(asked, func(a string) bool { return strings.HasPrefix(a, prefix) })
				}
				if !through(want) || !through("GET /pages/"+technique+".html") {
					t.Errorf("the proxy was asked for %q", asked)
				}
				host, _ := url.Parse(o.Server.URL)
				for _, a := range asked {
					if target, ok := strings.CutPrefix(a, "CONNECT "); ok && target != host.Host {
						t.Errorf("the browser asked for %s on its own", target)
					}
				}

				if !c.engine.sharesProcess() {
					return
				}
				// The next context of the same browser has no proxy.
				receive(t, c, subscription(technique, o.url(technique)), id("e-5"))
				if now := p.requests(); len(now) != len(asked) {
					t.Errorf("a direct subscription went through the proxy: %q", now[len(asked):])
				}
			})
		}
	})
}

func TestProxyThatRefuses(t *testing.T) {
	each(t, func(t *testing.T, c *Browser) {
		o := newOrigin(t)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "blocked", http.StatusForbidden)
		}))
		defer proxy.Close()
		s := subscription("eventsource", o.url("eventsource"))
		s.Target.Proxy, s.Resume = proxy.URL, false
		events := receive(t, c, s, nil)
		if c.Name() == "webkit" { // which does not tell the status of a page
			events = append([]measure.Event{{Status: 403}}, events...)
		}
		if len(events) != 2 || events[0].Status != 403 || events[1].Kind != measure.Failed {
			t.Errorf("got %+v", events)
		}
		if n := len(o.queries("eventsource")); n != 0 {
			t.Errorf("the origin saw %d requests", n)
		}
	})
}

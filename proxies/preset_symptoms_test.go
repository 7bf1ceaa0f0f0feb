package proxies

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each preset gives the symptom that its reporters describe.
func TestPresetSymptoms(t *testing.T) {
	events := func(steps ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			script(steps...)(w, r)
		}
	}
	slow := events("head", time.Second, "a", time.Second, "b")
	silent := events("a", time.Hour)
	asBrowser := "Accept-Encoding: gzip"
	for _, c := range []struct {
		preset  string
		method  string
		headers []string
		origin  http.HandlerFunc
		want    string
	}{
		{"aws-alb", "GET", nil, silent, "0s head 200, 0s a, 1m0s cut"},
		{"azure-front-door", "GET", nil, silent, "0s head 200, 0s a, 30s cut"},
		{"gcp-https-lb", "GET", nil, events("a", 20*time.Second, "b", 20*time.Second, "c"), "0s head 200, 0s a, 20s b, 30s cut"},
		{"heroku", "GET", nil, silent, "0s head 200, 0s a, 55s cut"},
		{"heroku", "GET", nil, events(time.Minute, "a"), "30s head 503, 30s first byte timeout\n, 30s end"},
		{"cloudflare", "GET", nil, events(time.Hour, "a"), "1m40s head 524, 1m40s idle timeout\n, 1m40s end"},
		{"cloudflare", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"cloudflared-quick-tunnel", "GET", nil, slow, "2s head 200, 2s ab, 2s end"},
		{"cloudflared-quick-tunnel", "POST", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"fly", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"fastly", "GET", nil, slow, "2s head 200, 2s ab, 2s end"},
		{"envoy-default", "GET", nil, events("a", 10*time.Second, "b", 10*time.Second, "c"), "0s head 200, 0s a, 10s b, 15s cut"},
		{"envoy-route-15s", "GET", nil, events("a", 10*time.Second, "b", 10*time.Second, "c"), "0s head 200, 0s a, 10s b, 15s cut"},
		{"traefik-compress", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"caddy-default", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"varnish-default", "GET", nil, silent, "0s head 200, 0s a, 1m0s cut"},
		{"squid-default", "GET", nil, silent, "0s head 200, 0s a, 15m0s cut"},
		{"apache-default", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"api-gateway-rest", "GET", nil, slow, "2s head 200, 2s ab, 2s end"},
		{"kaspersky", "GET", nil, events("a", 4*time.Second, "b", time.Second), "2.5s head 200, 4s a, 5s b, 5s end"},
		{"kaspersky", "GET", []string{"Accept: text/event-stream"}, events("a", 4*time.Second, "b", time.Second), "0s head 200, 4s a, 5s b, 5s end"},
		{"sophos", "GET", nil, slow, "2s head 200, 2s ab, 2s end"},
		{"avast", "GET", nil, events("a", 30*time.Second, "b"), "0s head 200, 20s a, 30s b, 30s end"},
		{"iis-arr-compression", "GET", []string{asBrowser}, events("a", time.Second, "b", time.Second, "c", time.Second), "0s head 200, 1s a, 2s b, 3s c, 3s end"},
		{"iis-arr-compression", "GET", nil, slow, "0s head 200, 1s a, 2s b, 2s end"},
		{"aws-lambda-streaming", "GET", nil, silent, "0s head 200, 0s a, 30s end"},
		{"bunny", "GET", nil, slow, "1s head 200, 1s a, 2s b, 2s end"},
		{"cloudfront", "GET", nil, silent, "0s head 200, 0s a, 30s cut"},
		{"vercel", "GET", nil, silent, "0s head 200, 0s a, 5m0s cut"},
	} {
		t.Run(c.preset, func(t *testing.T) {
			bubble(t, byReverse, c.preset, func(t *testing.T, p *road) {
				origin := p.serve(c.origin)
				headers := c.headers
				if c.method == "POST" {
					headers = append(headers, "Content-Length: 0")
				}
				p.ask(c.method, "HTTP/1.1", "", headers...)
				p.close(origin)
				p.expect(strings.Split(c.want, ", ")...)
			})
		})
	}
	t.Run("fly, as a browser", func(t *testing.T) {
		bubble(t, byReverse, "fly", func(t *testing.T, p *road) {
			origin := p.serve(slow)
			p.get(asBrowser)
			p.close(origin)
			if got := p.lines(); len(got) == 0 || got[0] != "2s head 200" {
				t.Errorf("seen %q, want nothing before the end", got)
			}
		})
	})
	t.Run("netskope", func(t *testing.T) {
		bubble(t, byH2, "netskope", func(t *testing.T, p *road) {
			origin := p.serve(silent)
			p.get()
			p.close(origin)
			p.expect("0s head 200", "0s a", "16s cut")
		})
	})
}

package proxies

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A broken answer goes on with the next one, once; requests with a body, which
// is gone, and whole answers do not.
func TestRepeatWhenBroken(t *testing.T) {
	for name, tt := range map[string]struct {
		method string
		broken int64 // answers that are
		want   []string
	}{
		"once":        {"GET", 1, []string{"0s head 200", "0s 1", "1s 2", "2s end"}},
		"again":       {"GET", 2, []string{"0s head 200", "0s 1", "1s 2", "2s cut"}},
		"never":       {"GET", 0, []string{"0s head 200", "0s 1", "1s end"}},
		"with a body": {"POST", 1, []string{"0s head 200", "0s 1", "1s cut"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, byReverse, "fault:repeat(broken)", func(t *testing.T, p *road) {
				var asked atomic.Int64
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					n := asked.Add(1)
					script(string(rune('0'+n)), time.Second)(w, r)
					if n <= tt.broken {
						abort(w, r)
					}
				})
				body := ""
				if tt.method == "POST" {
					body = "x"
				}
				p.ask(tt.method, "HTTP/1.1", body, fmt.Sprintf("Content-Length: %d", len(body)))
				p.close(origin)
				p.expect(tt.want...)
			})
		})
	}
}

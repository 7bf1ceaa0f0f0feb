package browsers

import (
	"net/http"
	"slices"
	"testing"
)

func TestOwnHeadersAndBody(t *testing.T) {
	c := sharedChromium(t)
	for _, technique := range []string{"eventsource", "long-poll", "callback-poll", "forever-iframe"} {
		t.Run(technique, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			var seen []string
			o.instead = func(w http.ResponseWriter, r *http.Request, n int) bool {
				o.mu.Lock()
				seen = append(seen, r.Method+" "+r.Header.Get("X-Own"))
				o.mu.Unlock()
				return false
			}
			s := subscription(technique, o.url(technique))
			s.Target.Header = http.Header{"X-Own": {"value"}}
			want := "GET value"
			if technique == "long-poll" {
				s.Target.Method, s.Target.Body = "POST", []byte("\x00\xff body")
				want = "POST value"
			}
			receive(t, c, s, id("e-1"))
			o.mu.Lock()
			defer o.mu.Unlock()
			if !slices.Contains(seen, want) {
				t.Errorf("the origin saw %q, want %q", seen, want)
			}
		})
	}
}

func TestStartsBehindAnID(t *testing.T) {
	c := sharedChromium(t)
	for _, technique := range []string{"eventsource", "long-poll", "websocket", "xhr-streaming"} {
		t.Run(technique, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			s := subscription(technique, o.url(technique))
			s.After = "e-3"
			events := receive(t, c, s, id("e-5"))
			if got := ids(events); !slices.Equal(got, []string{"e-4", "e-5"}) {
				t.Errorf("got %v, want e-4 and e-5", got)
			}
		})
	}
}

package proxies

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Two hundred streams through one hop. In the first half each message is sent
// when the one before has arrived, so that a hop that holds or merges any would
// stand still; in the second they are sent as fast as they go. All must come,
// whole and in order. Then every other client leaves, and the origin is told of
// those and of no others.
func TestTransparentCrowd(t *testing.T) {
	const streams, inStep, atOnce = 200, 20, 50
	for _, mode := range []Mode{Reverse, Forward} {
		t.Run(string(mode), func(t *testing.T) {
			next := make([]chan struct{}, streams)
			for i := range next {
				next[i] = make(chan struct{}, 1)
			}
			var told [streams]chan struct{}
			for i := range told {
				told[i] = make(chan struct{})
			}
			inst, origin := start(t, "transparent", Env{Mode: mode}, func(w http.ResponseWriter, r *http.Request) {
				var i int
				_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
				flush := http.NewResponseController(w).Flush
				for n := range inStep + atOnce {
					if n < inStep {
						select {
						case <-next[i]:
						case <-r.Context().Done():
						}
					}
					fmt.Fprintf(w, "stream %d message %d\n", i, n)
					_ = flush()
				}
				<-r.Context().Done()
				close(told[i])
			})
			base, transport := origin, &http.Transport{}
			if route := inst.Route(); route.Proxy != nil {
				transport.Proxy = http.ProxyURL(route.Proxy)
			} else {
				base = route.Base
			}
			var wg sync.WaitGroup
			leave := make([]context.CancelFunc, streams)
			for i := range streams {
				var ctx context.Context
				ctx, leave[i] = context.WithCancel(t.Context())
				r, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("%s/%d", base, i), nil)
				if err != nil {
					t.Fatal(err)
				}
				wg.Go(func() {
					receiveAll(t, transport, r, i, inStep+atOnce, func(n int) {
						if n < inStep {
							next[i] <- struct{}{}
						}
					})
				})
			}
			wg.Wait()
			for i := 0; i < streams; i += 2 {
				leave[i]()
			}
			for i := 0; i < streams; i += 2 {
				<-told[i]
			}
			for i := 1; i < streams; i += 2 {
				select {
				case <-told[i]:
					t.Errorf("stream %d was ended with its neighbour", i)
				default:
				}
				leave[i]()
				<-told[i]
			}
			transport.CloseIdleConnections()
		})
	}
}

// receiveAll reads messages and asks for each by its number.
func receiveAll(t *testing.T, transport http.RoundTripper, r *http.Request, stream, messages int, ask func(n int)) {
	ask(0)
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return
	}
	lines := bufio.NewReader(resp.Body)
	for n := range messages {
		line, err := lines.ReadString('\n')
		if want := fmt.Sprintf("stream %d message %d\n", stream, n); err != nil || line != want {
			t.Errorf("got %q, %v; want %q", line, err, want)
			return
		}
		ask(n + 1)
	}
}

// Large bodies arrive as they were sent, up and down, whatever their pieces.
func TestTransparentCarriesLargeBodies(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<18) // 4 MB
	for _, mode := range []Mode{Reverse, Forward} {
		t.Run(string(mode), func(t *testing.T) {
			inst, origin := start(t, "transparent", Env{Mode: mode}, func(w http.ResponseWriter, r *http.Request) {
				sent, err := io.ReadAll(r.Body)
				if err != nil || string(sent) != big {
					t.Errorf("%d bytes went up, %v", len(sent), err)
				}
				for i := 0; i < len(big); {
					n := min(len(big)-i, 1+i%70001)
					_, _ = io.WriteString(w, big[i:i+n])
					i += n
				}
			})
			base, transport := origin, &http.Transport{}
			if route := inst.Route(); route.Proxy != nil {
				transport.Proxy = http.ProxyURL(route.Proxy)
			} else {
				base = route.Base
			}
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Post(base.JoinPath("x").String(), "text/plain", strings.NewReader(big))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got, err := io.ReadAll(resp.Body); err != nil || string(got) != big {
				t.Errorf("%d bytes came down, %v", len(got), err)
			}
		})
	}
}

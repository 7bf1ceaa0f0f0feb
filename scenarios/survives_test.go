package scenarios_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/app"
)

// ticker streams n events, one every 150 ms, as somebody's handler would.
func ticker(n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		tick := time.NewTicker(150 * time.Millisecond)
		defer tick.Stop()
		for i := range n {
			fmt.Fprintf(w, "data: {\"n\":%d}\n\n", i+1)
			if out.Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	})
}

// A team's own test would be this, with its own handler:
//
//	func TestStreamSurvivesOurProxy(t *testing.T) {
//		scenarios.RequireSurvives(t, myapp.Handler(), "transparent", "real:nginx@deploy/nginx.conf")
//	}
func ExampleSurvival() {
	survival := scenarios.Survival{
		Spec:    app.Spec{URL: "/events", Sequence: "/n", End: "[DONE]"},
		Proxies: []string{"transparent", "fault:buffer(until=close)"},
	}
	results, err := survival.Measure(context.Background(), ticker(6))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(strings.TrimSpace(fmt.Sprintln(r.Cell.Proxy, r.Cell.Verdict, r.Cell.Cause)))
	}
	// Output:
	// transparent works
	// fault:buffer(until=close) broken buffered
}

func TestRequireSurvives(t *testing.T) {
	scenarios.RequireSurvives(t, ticker(4), "transparent")

	lost := &fakeT{TB: t}
	scenarios.RequireSurvives(lost, ticker(4), "fault:buffer(until=close)")
	if said := strings.Join(lost.errors, "\n"); !strings.Contains(said, "broken (buffered)") || !strings.Contains(said, "proxy_buffering off") {
		t.Errorf("a test of a buffered handler says %q", said)
	}

	page := &fakeT{TB: t}
	scenarios.RequireSurvives(page, http.NotFoundHandler(), "transparent")
	if said := strings.Join(page.fatal, "\n"); !strings.Contains(said, "status 404") {
		t.Errorf("a test of a handler that answers 404 says %q", said)
	}

	unknown := &fakeT{TB: t}
	scenarios.RequireSurvives(unknown, ticker(2), "ngnix-default")
	if said := strings.Join(unknown.fatal, "\n"); !strings.Contains(said, "nginx-default") {
		t.Errorf("a test through an unknown proxy says %q", said)
	}
}

// fakeT is a test that is meant to fail.
type fakeT struct {
	testing.TB
	errors, fatal []string
}

func (f *fakeT) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
func (f *fakeT) Fatalf(format string, args ...any) {
	f.fatal = append(f.fatal, fmt.Sprintf(format, args...))
}

package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/cometbench/cometbench/scenarios/app"
)

// A gateway stands between a path, which is net/http's client here, and an
// application, and knows afterwards what was said.
func ExampleNewGateway() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n")
	}))
	defer application.Close()
	spec, err := app.FromURL(application.URL + "/stream")
	if err != nil {
		fmt.Println(err)
		return
	}
	spec.Sequence, spec.End = "/n", "[DONE]"
	budget := app.NewBudget(1)
	gateway, err := app.NewGateway(spec, budget, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := http.Get(spec.At(gateway.URL()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	gateway.Close()
	for _, e := range gateway.Record() {
		fmt.Printf("%s %q\n", e.Kind, e.ID+e.Note)
	}
	fmt.Println(budget.Used(), "request")
	// Output:
	// headers ""
	// write "1"
	// write "2"
	// end "[DONE]"
	// 1 request
}

package proxies_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/cometbench/cometbench/proxies"
)

// A hop that answers the first request with an error page of its own.
func Example() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "from the origin")
	}))
	defer origin.Close()
	at, err := url.Parse(origin.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy, err := proxies.Parse("fault:error-page(503,if=first:1)", proxies.ParseOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	instance, err := proxy.Start(context.Background(), proxies.Env{Origin: at})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer instance.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 {
		resp, err := client.Get(instance.Route().Base.String())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(resp.Status)
		resp.Body.Close()
	}
	fmt.Println(instance.Stats().Hits, "requests,", instance.Stats().Upstream, "connection to the origin")
	// Output:
	// 503 Service Unavailable
	// 200 OK
	// 2 requests, 1 connection to the origin
}

// Faults of one hop are joined by &, hops by +, and proxies by commas.
func ExampleSplit() {
	for _, spec := range proxies.Split("direct,fault:buffer(every=200ms)&idle(60s)+nginx-default,forward:http://10.0.0.1:3128") {
		fmt.Println(spec)
	}
	// Output:
	// direct
	// fault:buffer(every=200ms)&idle(60s)+nginx-default
	// forward:http://10.0.0.1:3128
}

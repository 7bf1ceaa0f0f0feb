package pages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/cometbench/cometbench/browsers/pages"
)

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle(pages.Prefix, pages.Handler())
	origin := httptest.NewServer(mux)
	defer origin.Close()

	resp, err := http.Get(origin.URL + pages.Path("eventsource"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

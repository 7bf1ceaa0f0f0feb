package demos_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
)

func ExampleMount() {
	srv, err := reference.New(reference.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	stop, err := demos.Mount(srv, demos.Options{Names: []string{"rocket"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/rocket", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

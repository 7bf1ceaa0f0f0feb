package demos_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
)

func mounted(t *testing.T, o demos.Options) http.Handler {
	t.Helper()
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := demos.Mount(srv, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return srv.Handler()
}

func status(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestEachDemoHasAPageOfItsOwn(t *testing.T) {
	h := mounted(t, demos.Options{})
	_, index := status(h, "/demo/")
	table, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range demos.All() {
		code, body := status(h, "/demo/"+d.Name)
		if code != http.StatusOK || !strings.Contains(body, "<h1>") || strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: status %d", d.Name, code)
		}
		if !strings.Contains(index, `href="/demo/`+d.Name+`/"`) {
			t.Errorf("%s is not in the index", d.Name)
		}
		if !bytes.Contains(table, []byte("rebuilt: "+d.Name+"\n")) {
			t.Errorf("%s is not in the table of doc.go", d.Name)
		}
		if d.Summary == "" || d.Technique == "" {
			t.Errorf("%+v", d)
		}
	}
	if code, _ := status(h, "/demo/none"); code != http.StatusNotFound {
		t.Errorf("a demo that is none: status %d", code)
	}
}

func TestOnlyTheDemosThatAreNamed(t *testing.T) {
	h := mounted(t, demos.Options{Names: []string{"tennis"}})
	if code, _ := status(h, "/demo/tennis/"); code != http.StatusOK {
		t.Errorf("tennis: status %d", code)
	}
	if code, _ := status(h, "/demo/rocket/"); code != http.StatusNotFound {
		t.Errorf("rocket: status %d", code)
	}
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demos.Mount(srv, demos.Options{Names: []string{"tenis"}}); err == nil || !strings.Contains(err.Error(), "did you mean tennis") {
		t.Errorf("a slip of the hand: %v", err)
	}
}

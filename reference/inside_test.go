package reference

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// Whoever holds the server needs no token, and no version of HTTP that it
// answers to others.
func TestInside(t *testing.T) {
	s, err := New(Config{Token: "t", NeedToken: true, Record: true, HTTP: []string{"2"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, target, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.Inside().ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
		return w
	}
	if w := ask("POST", "/publish?channel=c", "x"); w.Code != 200 {
		t.Errorf("publish: %d %s", w.Code, w.Body)
	}
	if w := ask("GET", "/record/c", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"kind":"publish"`) {
		t.Errorf("record: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/t/eventsource?channel=c", "/metrics", "/record"} {
		if w := ask("GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

package bayeux

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzMessages sends whatever comes to a server that has a session, and holds
// that each answer is an array of Bayeux messages that fits the request.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		`[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"],"ext":{"ack":true,"timesync":{"tc":1,"l":2,"o":3}}}]`,
		`{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0},"ext":{"ack":7}}`,
		`[{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/a","/b/**"],"id":3},{"channel":"/a","clientId":"CLIENT","data":{"x":[1]}}]`,
		`{"channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/a"}`, `{"channel":"/meta/disconnect","clientId":"CLIENT"}`,
		`[{"channel":null,"id":1e5}]`, `{"id":{}}`, `[[]]`, `{"a":` + strings.Repeat("[", 80),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := New(Config{Timeout: 1, MaxQueue: 8, MaxSessions: 4, TrustClientID: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		shake := httptest.NewRecorder()
		s.ServeHTTP(shake, httptest.NewRequest("POST", "/", strings.NewReader(`{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}`)))
		var first []struct{ ClientID string }
		if err := json.Unmarshal(shake.Body.Bytes(), &first); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(body), "CLIENT", first[0].ClientID)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text)))
		if w.Code == http.StatusBadRequest {
			return
		}
		sent, err := parseMessages([]byte(text))
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("status %d for %q (%v)", w.Code, text, err)
		}
		var all []map[string]json.RawMessage
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) == 0 {
			t.Fatalf("%q is answered with %q: %v", text, w.Body, err)
		}
		replies := 0
		for _, m := range all {
			if m["channel"] == nil {
				t.Fatalf("%s has no channel", w.Body)
			}
			if m["successful"] != nil {
				replies++
			}
		}
		if replies > len(sent) {
			t.Fatalf("%d messages, %d replies: %s", len(sent), replies, w.Body)
		}
	})
}

package browsers

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// What a subscription sends up its socket arrives, and is told.
func TestUplink(t *testing.T) {
	c := sharedChromium(t)
	up := make(chan string, 2)
	mux := http.NewServeMux()
	mux.Handle(pages.Prefix, pages.Handler())
	mux.HandleFunc("/t/websocket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for range 2 {
			_, text, err := conn.Read(r.Context())
			if err != nil {
				t.Error(err)
			}
			up <- string(text)
		}
		_ = conn.Write(r.Context(), websocket.MessageText, []byte(hello))
		_, _, _ = conn.Read(r.Context())
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	s := subscription("websocket", srv.URL+"/t/websocket?channel=c")
	s.Uplink = []string{"one", "zwölf"}
	events := receive(t, c, s, func(e measure.Event) bool { return e.Kind == measure.Prelude })
	var sent []int
	for _, e := range events {
		if e.Kind == measure.Write {
			sent = append(sent, e.Bytes)
		}
	}
	if got := []string{<-up, <-up}; !slices.Equal(got, s.Uplink) || !slices.Equal(sent, []int{3, 6}) {
		t.Errorf("%q arrived, told %v", got, sent)
	}
}

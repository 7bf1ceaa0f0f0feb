package browsers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cometbench/cometbench/browsers/pages"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Over HTTP/2 all streams share one connection: seven tabs of a visitor are
// served at once, where HTTP/1.1 has six connections for them.
func TestHTTP2LiftsTheConnectionLimit(t *testing.T) {
	c := sharedChromium(t)
	o, roots := newSecureOrigin(t)
	const tabs = 7
	visitor := c.Visit(tabs)
	defer visitor.Close()
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	served := make(chan bool, tabs)
	var wg sync.WaitGroup
	for range tabs {
		wg.Go(func() {
			s := subscription("eventsource", o.url("eventsource"))
			s.Target.HTTP, s.Target.RootsPEM = "2", roots
			err := visitor.Subscribe(ctx, s, func(e measure.Event) {
				if id("e-5")(e) {
					served <- true
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for n := range tabs {
		select {
		case <-served:
		case <-ctx.Done():
			t.Fatalf("only %d streams were served", n)
		}
	}
	leave()
	wg.Wait()
	if o.mostOpen() != tabs {
		t.Errorf("%d streams at once, want %d", o.mostOpen(), tabs)
	}
}

// socketCeilings are how many web sockets one tab has open at once.
var socketCeilings = map[string]int{"chromium": 255, "firefox": 200, "webkit": 199}

// Each engine has its own limit of web sockets, whatever lies behind them.
func TestSocketCeilings(t *testing.T) {
	if os.Getenv(runsVariable) == "" {
		t.Skip(runsVariable + " is not set: make browsers opens hundreds of web sockets")
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) { socketCeiling(t, newBrowser(t, name, Options{}), socketCeilings[name]) })
	}
}

func socketCeiling(t *testing.T, b *Browser, want int) {
	const asked = 300
	var open atomic.Int32
	mux := http.NewServeMux()
	mux.Handle(pages.Prefix, pages.Handler())
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		open.Add(1)
		defer open.Add(-1)
		_, _, _ = conn.Read(r.Context())
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	target := measure.Target{URL: srv.URL}
	p, release, err := b.take(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	pg, err := p.openPage(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.close()
	ctx := within(t)
	address, _ := url.Parse(srv.URL + pages.Path("websocket"))
	if err := pg.load(ctx, address, "websocket", time.Minute); err != nil {
		t.Fatal(err)
	}
	eval := func(expression string) string {
		text, err := pg.eval(ctx, expression)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	eval(fmt.Sprintf(`(window.all = Array.from({length: %d}, () => new WebSocket('ws://' + location.host + '/socket')), 1)`, asked))
	states := func() (connecting, opened, closed int) {
		text := eval(`[0, 1, 3].map((s) => all.filter((w) => w.readyState === s).length).join(' ')`)
		if _, err := fmt.Fscan(strings.NewReader(text), &connecting, &opened, &closed); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return connecting, opened, closed
	}
	still := time.NewTicker(100 * time.Millisecond)
	defer still.Stop()
	most, unchanged := -1, 0
	var connecting, opened, closed int
	for unchanged < 30 { // it opens no more
		select {
		case <-still.C:
		case <-ctx.Done():
			t.Fatalf("%d open, and no end", opened)
		}
		connecting, opened, closed = states()
		if opened != most {
			most, unchanged = opened, 0
		}
		unchanged++
	}
	t.Logf("of %d web sockets %d are open, %d wait, %d failed", asked, opened, connecting, closed)
	if opened != want || int(open.Load()) != want {
		t.Errorf("%d are open by the page, %d by the server, want %d", opened, open.Load(), want)
	}
}

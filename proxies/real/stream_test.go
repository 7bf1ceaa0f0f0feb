package real_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
)

// patience is how long nothing must come before we believe that nothing does.
// It is waited in full only where a program is known to hold back.
const patience = 300 * time.Millisecond

// A stream in lock-step: the origin writes message n+1 only when the client has
// n. A program that holds anything back stops it.
func TestStreamsPassMessageByMessage(t *testing.T) {
	const messages = 3
	each(t, func(t *testing.T, p proxies.Proxy) {
		if p.Name() == "real:nginx/stock" {
			t.Skip("it collects; the next test shows how")
		}
		for _, media := range []string{"text/plain", "text/html", "text/event-stream", "multipart/x-mixed-replace; boundary=b"} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			arrived := make(chan struct{}, messages)
			in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", media)
				for n := range messages {
					fmt.Fprintf(w, "message %d\n", n)
					http.NewResponseController(w).Flush()
					select {
					case <-arrived:
					case <-ctx.Done():
						return
					}
				}
			}))
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.Route().Base.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", "gzip") // as a browser asks
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if encoding := resp.Header.Get("Content-Encoding"); encoding != "" {
				t.Errorf("%s: compressed with %s", media, encoding)
			}
			lines := bufio.NewScanner(resp.Body)
			for n := range messages {
				if !lines.Scan() || lines.Text() != fmt.Sprintf("message %d", n) {
					t.Fatalf("%s: message %d is %q, %v", media, n, lines.Text(), lines.Err())
				}
				arrived <- struct{}{}
			}
		}
	})
}

// The canonical broken case: head and body stay in nginx until the origin ends.
func TestStockNginxCollects(t *testing.T) {
	p := parse(t, "real:nginx")
	end := make(chan struct{})
	written := make(chan struct{})
	in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, strings.Repeat("x", 3000))
		http.NewResponseController(w).Flush()
		close(written)
		<-end
		io.WriteString(w, "end")
	}))
	body := make(chan string, 1)
	go func() {
		resp, err := client(t).Get(in.Route().Base.String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		first := make([]byte, 1)
		resp.Body.Read(first)
		body <- "first"
		rest, err := io.ReadAll(resp.Body)
		body <- fmt.Sprint(len(rest), err)
	}()
	<-written
	select {
	case got := <-body:
		t.Errorf("%s came before the origin ended", got)
	case <-time.After(patience):
	}
	close(end)
	if got := <-body; got != "first" {
		t.Error(got)
	}
	if got := <-body; got != "3002 <nil>" {
		t.Errorf("the rest: %s", got)
	}
}

package real_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	each(t, func(t *testing.T, p proxies.Proxy) {
		arrived := make(chan struct{}, messages)
		in := start(t, p, lockStep(t, arrived))
		for _, media := range []string{"text/plain", "text/html", "text/event-stream", "multipart/x-mixed-replace; boundary=b"} {
			if !collects(p.Name(), media) { // else another test shows how
				if err := receive(t.Context(), client(t), p, in, media, arrived); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

const messages = 3

// lockStep is an origin that streams messages of the media type that it is asked
// for, each after something has arrived.
func lockStep(t *testing.T, arrived <-chan struct{}) *url.URL {
	return origin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		for n := range messages {
			fmt.Fprintf(w, "message %d\n", n)
			http.NewResponseController(w).Flush()
			select {
			case <-arrived:
			case <-r.Context().Done():
				return
			case <-t.Context().Done():
				return
			}
		}
	})
}

// receive reads such a stream through a program, and says how it differs from
// what was sent.
func receive(ctx context.Context, c *http.Client, p proxies.Proxy, in proxies.Instance, media string, arrived chan<- struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	u := in.Route().Base.JoinPath("/")
	u.RawQuery = url.Values{"type": {media}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "gzip") // as a browser asks
	if media == "text/event-stream" {
		req.Header.Set("Accept", media)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, encoding := io.Reader(resp.Body), resp.Header.Get("Content-Encoding")
	switch {
	case encoding == "" && !compresses(p.Name(), media):
	case encoding == "gzip" && compresses(p.Name(), media):
		if body, err = gzip.NewReader(resp.Body); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: compressed with %q", media, encoding)
	}
	lines := bufio.NewScanner(body)
	for n := range messages {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("message %d", n) {
			return errors.Join(fmt.Errorf("%s: message %d is %q", media, n, lines.Text()), lines.Err())
		}
		arrived <- struct{}{}
	}
	if lines.Scan() || lines.Err() != nil {
		return errors.Join(fmt.Errorf("%s: at the end %q", media, lines.Text()), lines.Err())
	}
	return nil
}

// collects reports whether a configuration holds answers of a media type back.
func collects(spec, media string) bool {
	switch spec {
	case "real:nginx/stock", "real:lighttpd/stock":
		return true
	case "real:apache2/modsecurity": // what it inspects
		return media == "text/plain" || media == "text/html"
	}
	return false
}

// compresses reports whether a configuration compresses answers of a media type,
// each message at once.
func compresses(spec, media string) bool {
	switch spec {
	case "real:apache2/stock", "real:apache2/jk":
		return media == "text/plain" || media == "text/html"
	case "real:traefik/compress":
		return true
	}
	return false
}

// The canonical broken case: head and body stay in the program until the origin
// ends.
func TestSomeCollect(t *testing.T) {
	for _, spec := range []string{"real:nginx", "real:lighttpd", "real:apache2/modsecurity"} {
		t.Run(strings.TrimPrefix(spec, "real:"), func(t *testing.T) { testCollects(t, parse(t, spec)) })
	}
}

func testCollects(t *testing.T, p proxies.Proxy) {
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

package real_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
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

// media are types that proxies are known to treat apart.
var media = []string{"text/plain", "text/html", "text/event-stream", "multipart/x-mixed-replace; boundary=b"}

// collecting are the configurations that hold an answer until it ends, with the
// type by which that is shown; "" is any. As measured, see doc.go.
var collecting = []struct{ spec, media string }{
	{"real:apache2/modsecurity", "text/plain"}, // what it inspects
	{"real:apache2/modsecurity", "text/html"},
	{"real:lighttpd/stock", ""},
	{"real:nginx/stock", ""},
	{"real:privoxy/stock", "text/html"},
	{"real:privoxy/stock", "text/event-stream"},
	{"real:privoxy/buffer-limit", "text/html"},
	{"real:privoxy/buffer-limit", "text/event-stream"},
	{"real:mitmproxy/stock", ""},
	{"real:mitmproxy/large-bodies", ""},
	{"real:varnish/whole", ""},
}

// collects reports whether p holds answers of the type.
func collects(p proxies.Proxy, media string) bool {
	for _, c := range collecting {
		if p.Name() == c.spec && (c.media == "" || c.media == media) {
			return true
		}
	}
	return false
}

// compresses reports whether p compresses answers of the type, each message at
// once.
func compresses(p proxies.Proxy, media string) bool {
	switch p.Name() {
	case "real:apache2/stock", "real:apache2/jk":
		return media == "text/plain" || media == "text/html"
	case "real:nginx/unbuffered":
		return media == "text/html"
	case "real:traefik/compress":
		return true
	}
	return false
}

// A stream in lock-step: the origin writes message n+1 only when the client has
// n. A program that holds anything back stops it.
func TestStreamsPassMessageByMessage(t *testing.T) {
	t.Parallel()
	const messages = 3
	each(t, func(t *testing.T, p proxies.Proxy) {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		arrived := make(chan struct{}, messages)
		to := page(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", r.URL.Query().Get("type"))
			for n := range messages {
				fmt.Fprintf(w, "message %d\n", n)
				http.NewResponseController(w).Flush()
				select {
				case <-arrived:
				case <-ctx.Done():
					return
				}
			}
		})
		c, u := reach(t, kept(t, p, ""), to)
		for _, media := range media {
			if collects(p, media) {
				continue // the next test shows it
			}
			u := *u
			u.RawQuery = url.Values{"type": {media}}.Encode()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", "gzip") // as a browser asks
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, encoding := io.Reader(resp.Body), resp.Header.Get("Content-Encoding")
			switch {
			case encoding == "" && !compresses(p, media):
			case encoding == "gzip" && compresses(p, media):
				if body, err = gzip.NewReader(resp.Body); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s: compressed with %q", media, encoding)
			}
			lines := bufio.NewScanner(body)
			for n := range messages {
				if !lines.Scan() || lines.Text() != fmt.Sprintf("message %d", n) {
					t.Fatalf("%s: message %d is %q, %v", media, n, lines.Text(), lines.Err())
				}
				arrived <- struct{}{}
			}
		}
	})
}

// The canonical broken case: nothing comes until the origin ends. A compressor
// does it too, once the first write is worth compressing.
func TestCollectorsCollect(t *testing.T) {
	t.Parallel()
	for _, c := range append(collecting, struct{ spec, media string }{"real:caddy/encode", "text/event-stream"}) {
		t.Run(c.spec+" "+c.media, func(t *testing.T) {
			p := parse(t, c.spec)
			written, end := make(chan struct{}), make(chan struct{})
			to := page(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", cmp.Or(c.media, "text/plain"))
				io.WriteString(w, strings.Repeat("x", 3000))
				http.NewResponseController(w).Flush()
				close(written)
				<-end
				io.WriteString(w, "end")
			})
			client, u := reach(t, kept(t, p, ""), to)
			body := make(chan string, 2)
			go func() {
				// The transport asks for gzip by itself and unpacks it.
				resp, err := client.Get(u.String())
				if err != nil {
					body <- err.Error()
					return
				}
				defer resp.Body.Close()
				first := make([]byte, 1)
				resp.Body.Read(first)
				body <- string(first)
				rest, err := io.ReadAll(resp.Body)
				body <- fmt.Sprint(len(rest), err)
			}()
			<-written
			select {
			case got := <-body:
				t.Errorf("%q came before the origin ended", got)
				body <- got
			case <-time.After(patience):
			}
			close(end)
			if got := <-body; got != "x" {
				t.Errorf("first %q", got)
			}
			if got := <-body; got != "3002 <nil>" {
				t.Errorf("the rest: %s", got)
			}
		})
	}
}

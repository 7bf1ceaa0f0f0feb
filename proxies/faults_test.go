package proxies

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHeldPieces(t *testing.T) {
	runTimed(t, []timed{
		{"hold-last", "fault:hold-last", nil, script("head", time.Second, "a", time.Second, "b", time.Second, "c", time.Second),
			[]string{"0s head 200", "2s a", "3s b", "4s c", "4s end"}},
		{"hold-last, cut", "fault:hold-last", nil, script("a", time.Second, "b", time.Second, abort),
			[]string{"0s head 200", "1s a", "2s b", "2s cut"}},
		{"headers-held", "fault:headers-held", nil, script("head", time.Second, "a", time.Second, "b"),
			[]string{"1s head 200", "1s a", "2s b", "2s end"}},
		{"headers-held, no body", "fault:headers-held", nil, script("head", time.Second),
			[]string{"1s head 200", "1s end"}},
		{"prelude", "fault:prelude(3)", nil, script("head", time.Second, "ab", time.Second, "cd", time.Second, "e"),
			[]string{"0s head 200", "2s abcd", "3s e", "3s end"}},
		{"prelude, head held", "fault:prelude(3,head=hold)", nil, script("head", time.Second, "ab", time.Second, "cd", time.Second, "e"),
			[]string{"2s head 200", "2s abcd", "3s e", "3s end"}},
		{"prelude, head held, origin cuts, answered", "fault:prelude(3,head=hold,status=502)", nil, script("head", time.Second, "ab", time.Second, abort),
			[]string{"2s head 502", "2s 99 bytes", "2s end"}},
		{"prelude, answered, full before the cut", "fault:prelude(3,head=hold,status=502)", nil, script("head", time.Second, "abc", time.Second, abort),
			[]string{"1s head 200", "1s abc", "2s cut"}},
		{"prelude, never full", "fault:prelude(100)", nil, script("ab", time.Second),
			[]string{"0s head 200", "1s ab", "1s end"}},
		{"latency keeps the spacing", "fault:latency(300ms)", nil, script("head", time.Second, "a", 100*ms, "b", 100*ms, "c"),
			[]string{"300ms head 200", "1.3s a", "1.4s b", "1.5s c", "1.5s end"}},
		{"latency of a cut", "fault:latency(300ms)", nil, script("a", time.Second, abort),
			[]string{"300ms head 200", "300ms a", "1.3s cut"}},
		{"two faults", "fault:buffer(bytes=2)&latency(300ms)", nil, script("a", time.Second, "b", time.Second),
			[]string{"300ms head 200", "1.3s ab", "2.3s end"}},
		{"error-page", "fault:error-page(503)", nil, script("never"),
			[]string{"0s head 503", "0s 110 bytes", "0s end"}},
		{"error-page with 200", "fault:error-page(200)", nil, script("never"),
			[]string{"0s head 200", "0s 76 bytes", "0s end"}},
		{"error-page with nothing on it", "fault:error-page(204)", nil, script("never"),
			[]string{"0s head 204", "0s end"}},
		{"first 2 requests", "fault:error-page(503,unless=first:2)", nil, script("fine"),
			[]string{"0s head 200", "0s fine", "0s end"}},
		{"first 10 s", "fault:latency(3s,if=first:10s)", nil, script("a"),
			[]string{"3s head 200", "3s a", "3s end"}},
		{"framing", "fault:headers-held(if=framing:chunked)", nil, script("head", time.Second, "a"),
			[]string{"1s head 200", "1s a", "1s end"}},
		{"another framing", "fault:headers-held(if=framing:close)", nil, script("head", time.Second, "a"),
			[]string{"0s head 200", "1s a", "1s end"}},
		{"never by chance", "fault:error-page(if=chance:0)", nil, script("fine"),
			[]string{"0s head 200", "0s fine", "0s end"}},
		{"always by chance", "fault:error-page(503,if=chance:1)", nil, script("never"),
			[]string{"0s head 503", "0s 110 bytes", "0s end"}},
	})
}

// A muted client hears the head and then nothing, until it leaves.
func TestMuteAndBlackhole(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:mute":       {"0s origin answers", "0s head 200", "1m0s leaves"},
		"fault:mute(drop)": {"0s origin answers", "1m0s leaves"},
		"fault:blackhole":  {"1m0s leaves"},
	} {
		t.Run(spec, func(t *testing.T) {
			everyWay(t, spec, func(t *testing.T, p *road) {
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					p.note("origin answers")
					script("a", 5*time.Second, "b")(w, r)
				})
				c, r, base := p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				time.AfterFunc(time.Minute, func() { p.note("leaves"); c.Close() })
				if resp, err := http.ReadResponse(r, nil); err == nil {
					p.note("head %d", resp.StatusCode)
					_, _ = io.Copy(io.Discard, resp.Body)
				}
				c.Close()
				p.close(origin)
				p.expect(want...)
			})
		})
	}
}

func TestHeader(t *testing.T) {
	for spec, want := range map[string]string{
		"fault:header(strip=Cookie)":                             `Cookie "" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(strip=Last-Event-ID,request)":              `Cookie "a=b" Last-Event-Id "" Set-Cookie "c=d"`,
		"fault:header(strip=Set-Cookie,request)":                 `Cookie "a=b" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(strip=Set-Cookie,from=response)":           `Cookie "a=b" Last-Event-Id "7" Set-Cookie ""`,
		`fault:header(set=Cookie,to="x=y, z",request)`:           `Cookie "x=y, z" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(add=Cookie,to=x=y,request)":                `Cookie "a=b; x=y" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(add=Set-Cookie,to=x=y,response)":           `Cookie "a=b" Last-Event-Id "7" Set-Cookie "c=d; x=y"`,
		"fault:header(rewrite=Last-Event-ID,to=9)":               `Cookie "a=b" Last-Event-Id "9" Set-Cookie "c=d"`,
		"fault:header(rewrite=Set-Cookie,to=x,request)":          `Cookie "a=b" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(strip=Cookie,if=header:X-None)":            `Cookie "a=b" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(Cookie,if=header:Cookie=a=b)":              `Cookie "" Last-Event-Id "7" Set-Cookie "c=d"`,
		"fault:header(Set-Cookie,response,if=type:text/plain)":   `Cookie "a=b" Last-Event-Id "7" Set-Cookie ""`,
		"fault:header(strip=Cookie)&header(strip=Last-Event-ID)": `Cookie "" Last-Event-Id "" Set-Cookie "c=d"`,
	} {
		t.Run(spec, func(t *testing.T) {
			everyWay(t, spec, func(t *testing.T, p *road) {
				var request http.Header
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					request = r.Header.Clone()
					w.Header().Set("Set-Cookie", "c=d")
					script("a")(w, r)
				})
				c, r, base := p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\nCookie: a=b\r\nLast-Event-ID: 7\r\n\r\n", base, originAddr)
				resp := p.read(r, "GET")
				c.Close()
				p.close(origin)
				lines := func(h http.Header, name string) string { return strings.Join(h.Values(name), "; ") }
				got := fmt.Sprintf("Cookie %q Last-Event-Id %q Set-Cookie %q", lines(request, "Cookie"), lines(request, "Last-Event-ID"), lines(resp.Header, "Set-Cookie"))
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				if ua, ok := request["User-Agent"]; ok {
					t.Errorf("a User-Agent was added: %q", ua)
				}
			})
		})
	}
}

func TestHTTP10(t *testing.T) {
	everyWay(t, "fault:http10", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			p.note("%s %s %s close %t upgrade %q body %s length %d", r.Method, r.Proto, r.URL, r.Close, r.Header.Get("Upgrade"), body, r.ContentLength)
			script("a", time.Second, "b", time.Second)(w, r)
		})
		c, r, base := p.connect()
		fmt.Fprintf(c, "POST %s/x?y=1 HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n", base, originAddr)
		p.read(r, "POST")
		c.Close()
		p.close(origin)
		p.expect(`0s POST HTTP/1.0 /x?y=1 close true upgrade "" body xy length 2`, "0s head 200", "0s a", "1s b", "2s end")
	})
}

// Leaving reaches an origin that was asked with HTTP/1.0 too.
func TestHTTP10AbortPropagates(t *testing.T) {
	everyWay(t, "fault:http10", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			p.note("origin told")
		})
		c, _, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		time.Sleep(2 * time.Second)
		c.Close()
		p.close(origin)
		p.expect("2s origin told")
	})
}

func TestAbortIgnored(t *testing.T) {
	everyWay(t, "fault:abort-ignored", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Second)
			p.note("origin told: %t", r.Context().Err() != nil)
			script("a", func(http.ResponseWriter, *http.Request) {
				<-r.Context().Done()
				p.note("origin told")
			})(w, r)
		})
		c, _, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		time.Sleep(2 * time.Second)
		c.Close()
		time.Sleep(time.Minute)
		p.close(origin)
		p.expect("10s origin told: false", "10s origin told")
	})
}

func TestAbortIgnoredEndsWithTheHop(t *testing.T) {
	everyWay(t, "fault:abort-ignored", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			p.note("origin told")
		})
		c, _, base := p.connect()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
		time.Sleep(time.Second)
		c.Close()
		time.Sleep(time.Minute)
		p.hop.Close()
		p.close(origin)
		p.expect("1m1s origin told")
	})
}

func TestRequestBuffer(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:request-buffer":    {"3s asked, length 2", "3s ab", "3s end", "3s answer 200"},
		"fault:request-buffer(1)": {"2s answer 413"},
	} {
		everyWay(t, spec, func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				p.note("asked, length %d", r.ContentLength)
				p.body(r.Body)
			})
			c, r, base := p.connect()
			fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n", base, originAddr)
			go func() {
				for _, chunk := range []string{"1\r\na\r\n", "1\r\nb\r\n", "0\r\n\r\n"} {
					time.Sleep(time.Second)
					_, _ = io.WriteString(c, chunk)
				}
			}()
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			p.note("answer %d", resp.StatusCode)
			time.Sleep(time.Minute)
			c.Close()
			p.close(origin)
			p.expect(want...)
		})
	}
}

func TestGzip(t *testing.T) {
	for _, c := range []struct {
		name, spec, accept string
		cache              string
		want               []string
	}{
		{"block", "fault:gzip(block=4)", "gzip, deflate", "", []string{"2s gzip", "2s abcd", "3s ef", "3s end"}},
		{"block, head passes", "fault:gzip(block=4,head=pass)", "gzip", "", []string{"0s gzip", "2s abcd", "3s ef", "3s end"}},
		{"flush", "fault:gzip(flush=1)", "*", "", []string{"0s gzip", "1s abc", "2s de", "3s f", "3s end"}},
		{"first piece is large enough", "fault:gzip(first=3,flush=1)", "gzip", "", []string{"1s gzip", "1s abc", "2s de", "3s f", "3s end"}},
		{"first piece is too small", "fault:gzip(first=4,block=4)", "gzip", "", []string{"1s ", "1s abc", "2s de", "3s f", "3s end"}},
		{"not asked for", "fault:gzip(block=4)", "br", "", []string{"0s ", "1s abc", "2s de", "3s f", "3s end"}},
		{"refused", "fault:gzip(block=4)", "gzip;q=0, *", "", []string{"0s ", "1s abc", "2s de", "3s f", "3s end"}},
		{"no-transform", "fault:gzip(block=4)", "gzip", "no-store, no-transform", []string{"0s ", "1s abc", "2s de", "3s f", "3s end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyWay(t, c.spec, func(t *testing.T, p *road) {
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Cache-Control", c.cache)
					script("head", time.Second, "abc", time.Second, "de", time.Second, "f")(w, r)
				})
				conn, r, base := p.connect()
				fmt.Fprintf(conn, "GET %s/ HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: %s\r\n\r\n", base, originAddr, c.accept)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				p.note("%s", resp.Header.Get("Content-Encoding"))
				var body io.Reader = resp.Body
				if resp.Header.Get("Content-Encoding") == "gzip" {
					if body, err = gzip.NewReader(body); err != nil {
						t.Fatal(err)
					}
				}
				p.body(body)
				conn.Close()
				p.close(origin)
				p.expect(c.want...)
			})
		})
	}
}

// An answer of unusual size gets through every fault that does not end it.
func TestFaultsKeepBytes(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<14)
	for _, spec := range []string{
		"transparent", "fault:buffer(close)", "fault:buffer(bytes=4096)", "fault:buffer(every=10ms)", "fault:hold-last",
		"fault:headers-held", "fault:prelude", "fault:latency", "fault:idle", "fault:duration", "fault:cut", "fault:http10",
		"fault:request-buffer", "fault:abort-ignored", "fault:buffer(every=5ms,bytes=1000)&hold-last&latency(1ms)&idle",
	} {
		t.Run(spec, func(t *testing.T) {
			everyWay(t, spec, func(t *testing.T, p *road) {
				origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
					for i := 0; i < len(big); {
						n := min(len(big)-i, 1+i%7919)
						_, _ = io.WriteString(w, big[i:i+n])
						i += n
					}
				})
				c, r, base := p.connect()
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if err != nil || string(got) != big {
					t.Errorf("got %d bytes, error %v; want %d as sent", len(got), err, len(big))
				}
				c.Close()
				p.close(origin)
			})
		})
	}
}

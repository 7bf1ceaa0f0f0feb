package proxies

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// h2Ways are HTTP/2 to an origin that is asked with 2, and with 1.1.
func h2Ways() []way { return []way{byH2, byH2C} }

func TestH2AbortPropagates(t *testing.T) {
	for _, after := range []string{"before the head", "after the head"} {
		eachWay(t, h2Ways(), "transparent", func(t *testing.T, p *road) {
			origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
				if after == "after the head" {
					_ = http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
				p.note("origin told")
			})
			client := p.client2()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if resp, err := client.RoundTrip(p.request2(ctx, "GET", "")); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			synctest.Wait()
			// The connection is as good as before.
			if s := p.hop.Stats(); s.OpenClients != 1 {
				t.Errorf("stats %+v, want one client", s)
			}
			client.CloseIdleConnections()
			p.close(origin)
			p.expect("3s origin told")
		})
	}
}

// fin ends one stream, rst the connection with all its streams.
func TestH2Endings(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:cut(2s,if=header:X-Cut)":           {"0s other", "2s cut", "5s other", "5s other end"},
		"fault:cut(2s,end=rst,if=header:X-Cut)":   {"0s other", "2s cut", "2s other reset"},
		"fault:cut(2s,end=clean,if=header:X-Cut)": {"0s other", "2s end", "5s other", "5s other end"},
	} {
		t.Run(spec, func(t *testing.T) {
			eachWay(t, h2Ways(), spec, func(t *testing.T, p *road) {
				origin := p.serve(script("a", 5*time.Second, "b"))
				client := p.client2()
				defer client.CloseIdleConnections()
				other, err := client.RoundTrip(p.request2(t.Context(), "GET", ""))
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					for buf := make([]byte, 9); ; {
						n, err := other.Body.Read(buf)
						if n > 0 {
							p.note("other")
						}
						if err != nil {
							p.note("other %s", ending(err))
							return
						}
					}
				}()
				cut, err := client.RoundTrip(p.request2(t.Context(), "GET", "", "X-Cut: 1"))
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, cut.Body)
				switch {
				case err == nil:
					p.note("end")
				default:
					p.note("cut")
				}
				<-done
				p.close(origin)
				p.expectSorted(want...)
			})
		})
	}
}

func TestH2CountsRequests(t *testing.T) {
	for _, w := range h2Ways() {
		bubble(t, w, "transparent", func(t *testing.T, p *road) {
			origin := p.serve(script("a"))
			client := p.client2()
			for range 3 {
				p.over2(client, p.request2(t.Context(), "GET", ""))
				synctest.Wait()
			}
			if got, want := p.hop.Stats(), (Stats{Hits: 3, Accepted: 1, Upstream: 1, OpenClients: 1}); got != want {
				t.Errorf("%s: stats %+v, want %+v", w, got, want)
			}
			client.CloseIdleConnections()
			synctest.Wait()
			if n := p.hop.Stats().OpenClients; n != 0 {
				t.Errorf("%s: %d clients open after the last one left", w, n)
			}
			p.close(origin)
		})
	}
}

// What a request and its answer say arrives as it was sent.
func TestH2ChangesNothing(t *testing.T) {
	eachWay(t, h2Ways(), "transparent", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			p.note("%s %s %s %q %s", r.Method, r.Host, names(r.Header), r.Header.Get("Cookie"), body)
			w.Header().Set("Link", "</a>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header()["Link"] = nil
			w.Header()["Date"] = nil
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Trailer", "X-Sum")
			w.Header().Add("X-Twice", "1")
			w.Header().Add("X-Twice", "2")
			script("body")(w, r)
			w.Header().Set("X-Sum", "42")
		})
		client := p.client2()
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			p.note("%d %s", code, h.Get("Link"))
			return nil
		}})
		r := p.request2(ctx, "POST", "upload", "Accept-Encoding: gzip, br", "Last-Event-ID: 7", "Te: trailers", "Cookie: a=b; c=d", "User-Agent: x")
		resp, err := client.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		p.note("%s %s %s %s %v %v", resp.Proto, names(resp.Header), resp.Header["X-Twice"], body, err, resp.Trailer)
		client.CloseIdleConnections()
		p.close(origin)
		for i, want := range []string{
			"0s POST " + originAddr + " Accept-Encoding Content-Length Cookie Last-Event-Id Te User-Agent \"a=b; c=d\" upload",
			"0s 103 </a>; rel=preload",
			"0s HTTP/2.0 Content-Type X-Twice [1 2] body <nil> map[X-Sum:[42]]",
		} {
			if got := p.lines(); len(got) <= i || got[i] != want {
				t.Errorf("seen:\n%s\nwant line %d to be:\n%s", strings.Join(got, "\n"), i, want)
			}
		}
	})
}

func TestH2UploadStreams(t *testing.T) {
	eachWay(t, h2Ways(), "transparent", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) { p.body(r.Body) })
		client := p.client2()
		reader, writer := io.Pipe()
		r := p.request2(t.Context(), "POST", "")
		r.Body, r.ContentLength = reader, -1
		go func() {
			for _, s := range []string{"a", "b"} {
				time.Sleep(time.Second)
				_, _ = io.WriteString(writer, s)
			}
			time.Sleep(time.Second)
			writer.Close()
		}()
		resp, err := client.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		client.CloseIdleConnections()
		p.close(origin)
		p.expect("1s a", "2s b", "3s end")
	})
}

// A client that does not read slows neither the others on its connection nor
// lets the hop collect without bound.
func TestH2SlowReaderHurtsNobody(t *testing.T) {
	eachWay(t, h2Ways(), "transparent", func(t *testing.T, p *road) {
		const chunk, most = 64 << 10, 8 << 20
		var sent atomic.Int64
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Fast") != "" {
				script("quick")(w, r)
				return
			}
			for sent.Load() < most {
				if _, err := w.Write(make([]byte, chunk)); err != nil {
					return
				}
				sent.Add(chunk)
			}
		})
		client := p.client2()
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := client.RoundTrip(p.request2(ctx, "GET", ""))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if p.way == byH2 && sent.Load() == most { // HTTP/1.1 would leave it to a kernel, and memNet never blocks
			t.Errorf("%d bytes left the origin for a client that reads none", sent.Load())
		}
		p.over2(client, p.request2(t.Context(), "GET", "", "X-Fast: 1"))
		cancel()
		resp.Body.Close()
		client.CloseIdleConnections()
		p.close(origin)
		p.expect("1s head 200", "1s quick", "1s end")
	})
}

func TestCloseEndsH2Streams(t *testing.T) {
	eachWay(t, h2Ways(), "transparent", func(t *testing.T, p *road) {
		origin := p.serve(script("a", time.Hour))
		time.AfterFunc(time.Second, func() { p.hop.Close() })
		p.get()
		p.close(origin)
		if got := p.lines(); len(got) != 3 || got[2] == "1s end" || !strings.HasPrefix(got[2], "1s ") {
			t.Errorf("seen %q, want a cut at 1 s", got)
		}
	})
}

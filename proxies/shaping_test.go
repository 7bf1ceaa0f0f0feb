package proxies

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestShaping(t *testing.T) {
	runTimed(t, []timed{
		{"slice", "fault:slice(2,every=100ms)", nil, script("head", time.Second, "abcde", time.Second, "f"),
			[]string{"0s head 200", "1s ab", "1.1s cd", "1.2s e", "2s f", "2s end"}},
		{"slice keeps its distance", "fault:slice(2,every=400ms)", nil, script("ab", 300*ms, "cd"),
			[]string{"0s head 200", "0s ab", "400ms cd", "400ms end"}},
		{"slice of a cut", "fault:slice(1,every=1s)", nil, script("ab", 500*ms, abort),
			[]string{"0s head 200", "0s a", "1s b", "1s cut"}},
		{"bandwidth", "fault:bandwidth(2)", nil, script("head", time.Second, "abc", 3*time.Second, "d"),
			[]string{"0s head 200", "1.5s a", "2s b", "2.5s c", "4.5s d", "4.5s end"}},
	})
}

// The pieces of a rechunked body are those that leave, not those that a client
// happens to read together.
func TestRechunkPieces(t *testing.T) {
	bubble(t, byReverse, "fault:rechunk(3)&latency(1ms)", func(t *testing.T, p *road) {
		origin := p.serve(script("abcde", time.Second, "fg"))
		c, r, _ := p.connect()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		raw, _ := io.ReadAll(r)
		c.Close()
		p.close(origin)
		_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if want := "3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n1\r\ng\r\n0\r\n\r\n"; body != want {
			t.Errorf("%q, want %q", body, want)
		}
	})
}

func TestJitter(t *testing.T) {
	eachWay(t, allWays(), "fault:jitter(400ms)", func(t *testing.T, p *road) {
		origin := p.serve(script("head", time.Second, "a", 100*ms, "b", 100*ms, "c", time.Second, "d"))
		p.get()
		p.close(origin)
		// The seed is fixed, so that the times are: each late by up to 400 ms,
		// and none before the one ahead of it.
		sent := []time.Duration{0, time.Second, 1100 * ms, 1200 * ms, 2200 * ms}
		text, late, last := "", 0, time.Duration(0)
		for _, line := range p.lines() {
			at, what, _ := strings.Cut(line, " ")
			d, _ := time.ParseDuration(at)
			i := len(text)
			switch {
			case strings.HasPrefix(what, "head"):
			case what == "end":
				continue
			default:
				text += what
				i = len(text)
			}
			if d < sent[i] || d > sent[i]+400*ms || d < last {
				t.Errorf("%s: sent at %v", line, sent[i])
			}
			if last = d; d > sent[i] {
				late++
			}
		}
		if text != "abcd" || late == 0 {
			t.Errorf("%q, %d pieces late", text, late)
		}
	})
}

func TestShapingInTunnels(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:bandwidth(2)":         {"500ms a", "1s b", "1.5s c", "2s d", "2s cut"},
		"fault:slice(2,every=300ms)": {"0s ab", "300ms cd", "1s cut"},
		"fault:reload(3s)":           {"0s abcd", "1s cut"},
		"fault:reload(500ms)":        {"0s abcd", "500ms cut"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byTCP, spec, func(t *testing.T, p *road) {
				l := p.net.listen(originAddr)
				go func() {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = io.WriteString(c, "abcd")
					time.Sleep(time.Second)
					c.Close()
				}()
				c, r, _ := p.connect()
				p.drain(r)
				c.Close()
				l.Close()
				p.close()
				p.expect(want...)
			})
		})
	}
}

// A client that leaves is not waited for.
func TestShapingEndsWithTheClient(t *testing.T) {
	eachWay(t, h2Ways(), "fault:bandwidth(1)", func(t *testing.T, p *road) {
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			script(strings.Repeat("x", 1000))(w, r)
			<-r.Context().Done()
			p.note("origin told")
		})
		client := p.client2()
		resp, err := client.RoundTrip(p.request2(t.Context(), "GET", ""))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * ms)
		resp.Body.Close()
		synctest.Wait()
		client.CloseIdleConnections()
		p.close(origin)
		p.expect("2.5s origin told")
	})
}

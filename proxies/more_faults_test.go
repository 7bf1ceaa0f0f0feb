package proxies

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestScanAndCorrupt(t *testing.T) {
	pieces := script("a1", time.Second, "b2", time.Second, "c3", time.Second, "d4", time.Second, "e5", time.Second)
	runTimed(t, []timed{
		{"scan", "fault:scan(1500ms)", nil, pieces,
			[]string{"0s head 200", "1.5s a1b2", "2s c3", "3s d4", "4s e5", "5s end"}},
		{"scan, head held", "fault:scan(1500ms,head=hold)", nil, pieces,
			[]string{"1.5s head 200", "1.5s a1b2", "2s c3", "3s d4", "4s e5", "5s end"}},
		{"scan of a short one", "fault:scan(20s)", nil, pieces,
			[]string{"0s head 200", "5s a1b2c3d4e5", "5s end"}},
		{"drop", "fault:corrupt(drop,every=2)", nil, pieces,
			[]string{"0s head 200", "0s a1", "2s c3", "4s e5", "5s end"}},
		{"double", "fault:corrupt(double,every=4)", nil, pieces,
			[]string{"0s head 200", "0s a1", "1s b2", "2s c3", "3s d4d4", "4s e5", "5s end"}},
		{"flip", "fault:corrupt(flip)", nil, pieces,
			[]string{"0s head 200", "0s a1", "1s b2", "2s b3", "3s d4", "4s e5", "5s end"}},
		{"swap", "fault:corrupt(swap)", nil, pieces,
			[]string{"0s head 200", "0s a1", "1s b2", "3s d4c3", "4s e5", "5s end"}},
		{"swap, nothing follows", "fault:corrupt(swap,every=5)", nil, pieces,
			[]string{"0s head 200", "0s a1", "1s b2", "2s c3", "3s d4", "5s e5", "5s end"}},
	})
}

func TestAuth(t *testing.T) {
	for _, c := range []struct{ spec, header, want string }{
		{"fault:auth", "X: y", "407 Basic"},
		{"fault:auth", "Proxy-Authorization: Basic eDp5", "200 "},
		{"fault:auth(401)", "Proxy-Authorization: Basic eDp5", "401 Basic"},
		{"fault:auth(401)", "Authorization: Basic eDp5", "200 "},
	} {
		at := ways()
		if c.spec == "fault:auth" {
			at = []way{byReverse, byForward, byTLS} // CONNECT itself is asked for credentials
		}
		eachWay(t, at, c.spec, func(t *testing.T, p *road) {
			origin := p.serve(script("in"))
			conn, r, base := p.connect()
			fmt.Fprintf(conn, "GET %s/ HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", base, originAddr, c.header)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			asked := resp.Header.Get("Proxy-Authenticate") + resp.Header.Get("Www-Authenticate")
			if got := fmt.Sprintf("%d %.5s", resp.StatusCode, asked); got != c.want && (asked != "" || resp.StatusCode != 200) {
				t.Errorf("%s with %s: %s, want %s", c.spec, c.header, got, c.want)
			}
			conn.Close()
			p.close(origin)
		})
	}
}

func TestRepeat(t *testing.T) {
	everyWay(t, "fault:repeat", func(t *testing.T, p *road) {
		n := 0
		origin := p.serve(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			n++
			p.note("asked with %s", body)
			script(fmt.Sprint("answer ", n), time.Second)(w, r)
		})
		p.ask("POST", "HTTP/1.1", "xyz", "Content-Length: 3")
		p.close(origin)
		p.expect("0s asked with xyz", "0s asked with xyz", "0s head 200", "0s answer 2", "1s end")
	})
}

package proxies

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
)

// How a cut looks to a client on real sockets.
func TestEndsOverSockets(t *testing.T) {
	for end, want := range map[string]error{"fin": io.ErrUnexpectedEOF, "rst": syscall.ECONNRESET, "clean": nil} {
		for _, w := range []way{byReverse, byForward, byConnect} {
			t.Run(end+"/"+string(w), func(t *testing.T) {
				env := Env{Mode: Forward}
				if w == byReverse {
					env.Mode = Reverse
				}
				inst, origin := start(t, "fault:cut(after=20ms,end="+end+")", env, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "a")
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done() // the cut reaches the origin as well
				})
				at, base := inst.Route().Base, ""
				if at == nil {
					at = inst.Route().Proxy
				}
				c := dialTCP(t, at.Host)
				defer c.Close()
				r := bufio.NewReader(c)
				switch w {
				case byForward:
					base = origin.String()
				case byConnect:
					fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", origin.Host, origin.Host)
					if resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
						t.Fatal(resp, err)
					}
				}
				fmt.Fprintf(c, "GET %s/x HTTP/1.1\r\nHost: %s\r\n\r\n", base, origin.Host)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if string(body) != "a" || !errors.Is(err, want) {
					t.Errorf("%q, %v; want a, %v", body, err, want)
				}
			})
		}
	}
}

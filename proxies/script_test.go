package proxies

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// script is an origin's answer: durations are waited, strings written and
// flushed, funcs called.
func script(steps ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/plain")
		}
		for _, step := range steps {
			switch s := step.(type) {
			case time.Duration:
				select {
				case <-time.After(s):
				case <-r.Context().Done():
					return
				}
			case string:
				if s != "head" {
					_, _ = io.WriteString(w, s)
				}
				_ = http.NewResponseController(w).Flush()
			case func(http.ResponseWriter, *http.Request):
				s(w, r)
			}
		}
	}
}

// abort cuts a response in the middle.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const ms = time.Millisecond

// switching is an origin that switches protocols and hands the connection over.
func switching(talk func(net.Conn, *bufio.ReadWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if upgradeOf(r.Header) == "" {
			http.Error(w, "plain request", http.StatusBadRequest)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+r.Header.Get("Upgrade")+"\r\nX-Kept: yes\r\n\r\n")
		talk(c, rw)
	}
}

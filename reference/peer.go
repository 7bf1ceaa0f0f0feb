package reference

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// peer is what the record says about the request behind a subscription.
type peer struct {
	http   string // protocol version as the origin saw it: "1.0", "1.1", "2"
	method string
	note   string // key=value words
	fields string // names of the header fields it came with, if it asked to have them written down
}

// newPeer notes the request: the technique, the nonce, and those headers that
// paths are known to lose or change. Values are query-escaped so that words
// stay words; a header that did not arrive has none. A cookie's value is
// nobody's business.
func newPeer(r *http.Request, technique, nonce string) peer {
	words := []string{"technique=" + technique}
	add := func(key, value string) {
		if value != "" {
			words = append(words, key+"="+url.QueryEscape(clip(value)))
		}
	}
	add("nonce", nonce)
	add("accept-encoding", strings.Join(r.Header.Values("Accept-Encoding"), ","))
	add("upgrade", r.Header.Get("Upgrade"))
	if len(r.Header.Values("Cookie")) > 0 {
		add("cookie", "yes")
	}
	add("last-event-id", r.Header.Get("Last-Event-ID"))
	return peer{http: httpVersion(r), method: r.Method, note: strings.Join(words, " ")}
}

// clip bounds what one header may add to the record.
func clip(s string) string {
	return s[:min(len(s), 256)]
}

func httpVersion(r *http.Request) string {
	if r.ProtoMajor >= 2 {
		return strconv.Itoa(r.ProtoMajor)
	}
	return strconv.Itoa(r.ProtoMajor) + "." + strconv.Itoa(r.ProtoMinor)
}

type connKey struct{}

// connection is what a request knows of the connection it came on.
type connection struct {
	number int
	conn   net.Conn // nil over QUIC
}

// withConn numbers a connection.
func withConn(ctx context.Context, n int, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, connection{n, c})
}

// connNumber is the number of the request's connection, 0 when it has none.
func connNumber(r *http.Request) int {
	c, _ := r.Context().Value(connKey{}).(connection)
	return c.number
}

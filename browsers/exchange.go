package browsers

import (
	"net/http"
	"strings"
	"time"
)

// exchange is one subscribe request as the browser's network saw it.
type exchange struct {
	number   int // as the page counts
	conn     int
	status   int // 0 until there is a response head
	socket   bool
	closed   bool
	closedAt time.Time
	cut      bool // the page was told that it is over
	ended    ended
	came     arrivals
}

// accepted reports whether the response was a subscription.
func (x *exchange) accepted() bool {
	if x.socket {
		return x.status == http.StatusSwitchingProtocols
	}
	return x.status == http.StatusOK
}

// gone reports whether the origin said that there is nothing to come back for.
func (x *exchange) gone() bool {
	return x.status == http.StatusNoContent || x.status == http.StatusGone
}

// httpVersion turns a browser's protocol name into that of measure.
func httpVersion(protocol string) string {
	switch protocol = strings.ToLower(protocol); protocol {
	case "h2":
		return "2"
	case "h3":
		return "3"
	}
	return strings.TrimPrefix(protocol, "http/")
}

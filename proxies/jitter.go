package proxies

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

func jitterFault() Fault {
	return Fault{
		Name:   "jitter",
		Means:  "Each piece that the origin sends is late by a time of its own; none overtakes another.",
		Source: "mobile and wireless paths; toxiproxy latency with jitter",
		Params: []Param{
			{Name: "by", Type: Duration, Time: Wire, Default: "50ms", Main: true, Means: "the longest delay; any from 0 up to it is as likely"},
		},
		New: func(a Args) (Hooks, error) {
			by := a.Duration("by")
			if by > maxLatency {
				return Hooks{}, errors.New("more than a minute is no jitter")
			}
			var exchanges atomic.Uint64
			draw := func() func() time.Duration {
				random := a.Random(exchanges.Add(1))
				return func() time.Duration { return time.Duration(random.Int64N(int64(by) + 1)) }
			}
			return Hooks{
				Writer: func(next ResponseWriter, r *http.Request) ResponseWriter {
					return newLateWriter(next, draw(), r.Context().Done())
				},
				Tunnel: func(client, upstream net.Conn) (net.Conn, net.Conn) {
					return newLateConn(client, draw()), upstream
				},
			}, nil
		},
	}
}

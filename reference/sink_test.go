package reference

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const sinkRequest = "POST /sink?channel=up HTTP/1.1\r\nHost: origin\r\nTransfer-Encoding: chunked\r\n\r\n"

// pieces lists when a channel's record has which bytes come up, in seconds
// since start.
func (b *bench) pieces(channel string, start time.Time) []string {
	events, _, _ := b.record.since(channel, 0)
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%gs %s %d %s", time.UnixMicro(e.T).Sub(start).Seconds(), e.Kind, e.Bytes, e.Note)))
	}
	return out
}

func TestSinkRecordsEachPiece(t *testing.T) {
	for _, duplex := range []bool{false, true} {
		t.Run(fmt.Sprint("duplex=", duplex), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, b *bench) {
				start := time.Now()
				request, name := sinkRequest, "sink"
				if duplex {
					request, name = strings.Replace(request, "=up", "=up&duplex=1", 1), "sink.duplex"
				}
				c := b.open(request)
				c.send("5\r\nhello\r\n")
				if early := c.wire() != ""; early != duplex {
					t.Errorf("after the first piece: %q", c.wire())
				}
				time.Sleep(time.Second)
				c.send("3\r\nyou\r\n")
				time.Sleep(time.Second)
				c.send("0\r\n\r\n")
				want := "0s headers 0 technique=sink;0s message 5;1s message 3;2s end 8 whole"
				if got := strings.Join(b.pieces("up", start), ";"); got != want {
					t.Errorf("record %s, want %s", got, want)
				}
				checkGolden(t, name, visible(request)+"\n--\n"+visible(c.wire()))
			})
		})
	}
}

func TestSinkRefuses(t *testing.T) {
	inBubble(t, Config{MaxMessageBytes: 10}, func(t *testing.T, b *bench) {
		for request, want := range map[string]string{
			"GET /sink?channel=c HTTP/1.1\r\nHost: o\r\n\r\n":                                            "405",
			"POST /sink HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n":                                "400",
			"POST /sink?chanel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n":                       "400",
			"POST /sink?channel=c&duplex=yes HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\n\r\n":           "400",
			"POST /sink?channel=c HTTP/1.1\r\nHost: o\r\nContent-Length: 11\r\n\r\nmuch too mu":          "413",
			"POST /sink?channel=c HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n": "400",
		} {
			if got := b.open(request).wire(); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
				t.Errorf("%.50q: %.60q, want %s", request, got, want)
			}
		}
		c := b.open(sinkRequest)
		time.Sleep(bodyAllowed + time.Second)
		if got := c.wire(); !strings.HasPrefix(got, "HTTP/1.1 400") {
			t.Errorf("a body that never ends: %.60q", got)
		}
		left := b.open(sinkRequest + "5\r\nhello\r\n")
		left.leave()
		synctest.Wait()
		if got := b.kinds("up"); !strings.HasPrefix(got[len(got)-1], "abort-noticed read body") {
			t.Errorf("record %q", got)
		}
	})
}

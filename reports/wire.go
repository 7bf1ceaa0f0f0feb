package reports

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// An excerpt shows the begin and the end of an exchange; what lies between is
// more of the same.
const (
	excerptHead = 9
	excerptTail = 5
)

// wireLine is one thing that went over the wire, as one end saw it.
type wireLine struct{ At, Side, Text string }

// excerpt is what went over the wire in one trial.
type excerpt struct {
	Title      string
	Head, Tail []wireLine
	Left       string // what is between them, "" for nothing
}

// newExcerpt makes the excerpt of a trial. What the hub accepted is left out:
// it is no traffic, and the timeline has it.
func newExcerpt(c chart) excerpt {
	var lines []wireLine
	for _, e := range c.all {
		if text := wireText(e.Event); text != "" {
			lines = append(lines, wireLine{span(e.at / 1000), clean(e.Side), text})
		}
	}
	x := excerpt{Title: trialTitle(c.trial), Head: lines}
	if n := len(lines) - excerptHead - excerptTail; n > 1 {
		x.Head, x.Tail, x.Left = lines[:excerptHead], lines[len(lines)-excerptTail:], count(n, "line")
	}
	return x
}

// wireText says what an event was on the wire, "" for one that was not there.
func wireText(e measure.Event) string {
	origin := e.Side == measure.SideOrigin
	parts := func(list ...string) string {
		var out []string
		for _, s := range list {
			if s = clean(s); s != "" {
				out = append(out, s)
			}
		}
		return short(strings.Join(out, ", "), 220)
	}
	sized := func(what string) string {
		s := strings.TrimSpace(what + " " + clean(e.ID))
		if e.Bytes > 0 {
			s += ", " + size(float64(e.Bytes))
		}
		return short(s, 160)
	}
	switch e.Kind {
	case measure.Dial:
		return parts("connects"+on(e), e.Note)
	case measure.Headers:
		if origin {
			return parts(cmp.Or(e.Method, "request")+" HTTP/"+cmp.Or(e.HTTP, "1.1")+on(e), e.Note, fieldNames(e))
		}
		return parts(fmt.Sprintf("HTTP/%s %d", cmp.Or(e.HTTP, "1.1"), e.Status)+on(e), e.ContentType, e.Encoding, fieldNames(e))
	case measure.Prelude:
		return sized("prelude")
	case measure.Write:
		return sized("writes")
	case measure.Received:
		return sized("receives")
	case measure.Heartbeat:
		return "heartbeat"
	case measure.Gap:
		return parts("is told of a gap before "+e.ID, e.Note)
	case measure.Failed:
		return parts("error: " + e.Note)
	case measure.Reconnect:
		return parts("comes back", e.Note)
	case measure.AbortNoticed:
		return "notices that its peer left"
	case measure.End:
		if e.EndKind == "" {
			return parts("ends", e.Note)
		}
		return "ends: " + endWords(event{Event: e})
	}
	return ""
}

func on(e measure.Event) string {
	if e.Conn == 0 {
		return ""
	}
	return fmt.Sprintf(" on connection %d", e.Conn)
}

func fieldNames(e measure.Event) string {
	if e.Fields == "" {
		return ""
	}
	return "fields " + strings.ReplaceAll(e.Fields, ",", ", ")
}

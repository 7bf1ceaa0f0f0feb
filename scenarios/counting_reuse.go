package scenarios

import (
	"fmt"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingReuse asks how many requests ride on a connection that carried one
// before, at both ends, while polls are asked or streams come and go.
func CountingReuse() Check {
	return Check{
		ID: "counting/reuse", Question: "Are connections used again, after a stream too?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Thorough, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials:  []Trial{recycleTimeTrial()},
		Applies: func(t measure.Technique) bool { return t.Class != measure.ClassSocket },
		Judge:   func(c Case) Finding { return judgeReuse(c, c.Evidence["recycle-time"]) },
	}
}

func judgeReuse(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}}
	if bad, failed := openingFailure(c, e); failed {
		return Finding{Verdict: measure.Untested, Got: "did not open: " + bad.got}
	}
	client, cok := reused(e.Headers())
	origin, ook := reused(e.Requests())
	if !cok || !ook {
		return Finding{Verdict: measure.Untested, Got: "fewer than two requests were answered on connections that can be told apart"}
	}
	f.Values["requests"] = float64(len(e.Requests()))
	f.Values["reused_share_client"], f.Values["reused_share_origin"] = client, origin
	if e.Stats.Accepted >= 0 {
		f.Values["connections_proxy"] = float64(e.Stats.Accepted)
	}
	if e.Stats.Upstream >= 0 {
		f.Values["connections_upstream"] = float64(e.Stats.Upstream)
	}
	what := "requests came on a used connection"
	if !c.Technique.Polls() {
		what = "returns after a stream came on its connection"
		f.Values["keepalive_after_stream"] = 0
		if client > 0 {
			f.Values["keepalive_after_stream"] = 1
		}
	}
	f.Got = fmt.Sprintf("%.0f %% of %s at the client, %.0f %% at the origin", 100*client, what, 100*origin)
	return f
}

// reused is the share of requests, the first aside, that came on a connection
// which had carried one before. It is not known for fewer than two requests, or
// where connections have no numbers.
func reused(requests []measure.Event) (float64, bool) {
	good := slices.DeleteFunc(slices.Clone(requests), func(r measure.Event) bool { return r.Conn == 0 || r.Status >= 400 })
	if len(good) < 2 {
		return 0, false
	}
	return float64(len(good)-distinctConns(good)) / float64(len(good)-1), true
}

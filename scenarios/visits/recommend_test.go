package visits

import (
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// cellsOf reads "websocket:broken/upgrade-refused long-poll:works".
func cellsOf(text string) []ended {
	var out []ended
	for _, word := range strings.Fields(text) {
		technique, rest, _ := strings.Cut(word, ":")
		verdict, cause, _ := strings.Cut(rest, "/")
		out = append(out, ended{CellRecord: measure.CellRecord{
			Labels: measure.Labels{Technique: technique}, Verdict: measure.Verdict(verdict), Cause: cause, Advice: "advice on " + cause,
		}})
	}
	return out
}

func TestRecommend(t *testing.T) {
	for cells, want := range map[string]string{
		"": "No technique gets messages through to this browser in time.",
		"long-poll:works short-poll:works callback-poll:works":                                     "Use long-poll. If it fails, fall back to short-poll.",
		"short-poll:works websocket:broken/upgrade-mute eventsource:works":                         "Use eventsource. If it fails, fall back to short-poll.",
		"eventsource:degraded/hold-timer xhr-streaming:works websocket:works long-poll:degraded/x": "Use websocket. If it fails, fall back to xhr-streaming, then to eventsource (late), then to long-poll (late).",
		"websocket:degraded/unknown webtransport:works":                                            "Use webtransport.",
		"long-poll:degraded/hold-timer websocket:broken/upgrade-killed htmlfile:unsupported":       "Use long-poll, although messages are late by it: nothing does better here.",
		"websocket:harness_failed eventsource:broken/buffered":                                     "No technique gets messages through to this browser in time.",
	} {
		if got := recommend(cellsOf(cells)).Text; got != want {
			t.Errorf("%s:\n got %s\nwant %s", cells, got, want)
		}
	}
}

func TestTroubles(t *testing.T) {
	got := recommend(cellsOf("websocket:broken/upgrade-refused eventsource:broken/buffered multipart:degraded/buffered htmlfile:unsupported short-poll:works")).Troubles
	if len(got) != 2 || got[0].Cause != "buffered" || strings.Join(got[0].Techniques, " ") != "eventsource multipart" ||
		got[0].Means == "" || got[0].Advice != "advice on buffered" || got[1].Cause != "upgrade-refused" {
		t.Errorf("%+v", got)
	}
}

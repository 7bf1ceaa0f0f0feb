package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Who leaves between two polls leaves nobody to notice it.
func TestAbortBetweenPolls(t *testing.T) {
	answered := measure.Event{Kind: measure.End, Sub: 1, Note: "answered"}
	second := measure.Event{Kind: measure.Headers, Status: 200, Sub: 2}
	left := func(p played) Case {
		p.Left = p.at(500)
		p.Parts = []*Evidence{p.Evidence}
		c := streaming("sockjs-xhr")
		c.Evidence = map[string]*Evidence{"abort": p.Evidence}
		return c
	}
	judge := EndingAbort().Judge
	between := judge(left(opened().origin(2, answered).origin(600, second)))
	if found(t, between, measure.Untested, ""); !between.Doubtful {
		t.Errorf("believed: %s", between.Got)
	}
	found(t, judge(left(opened().origin(2, answered).origin(200, second))), measure.Broken, "client-abort-not-propagated")
	found(t, judge(left(opened().origin(2, answered).origin(200, second).origin(501, measure.Event{Kind: measure.AbortNoticed, Sub: 2}))), measure.Works, "")
}

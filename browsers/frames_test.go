package browsers

import (
	"slices"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// A frame's load event, and that of a page that makes it while it loads, come
// when the stream has ended; Chromium shows it as loading until then.
func TestFramesAreWatched(t *testing.T) {
	c := sharedChromium(t)
	for _, while := range []bool{false, true} {
		o := newOrigin(t)
		o.instead = ending("recycle-bytes", "")
		s := subscription("forever-iframe", o.url("forever-iframe"))
		s.Frames = &measure.Frames{WhileLoading: while}
		receive(t, c, s, id("e-2"))
		var acts []measure.FrameAct
		shown := false
		for _, seen := range s.Frames.Seen() {
			if seen.Act == measure.FrameBusy || seen.Act == measure.FrameIdle {
				shown = true
				continue
			}
			acts = append(acts, seen.Act)
		}
		want := []measure.FrameAct{measure.FrameNavigates, measure.FrameLoaded, measure.FrameNavigates}
		if while {
			want = slices.Insert(want, 2, measure.PageLoaded)
		}
		if !slices.Equal(acts, want) || !shown {
			t.Errorf("while loading %v: %v, shown %v", while, acts, shown)
		}
	}
	if c.CanWatchFrames(measure.Subscription{Technique: "eventsource"}) == nil {
		t.Error("eventsource has a frame")
	}
}

package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestPageFrames(t *testing.T) {
	at := func(millis int64) int64 { return 1_000_000 + millis*1000 }
	technique, _ := measure.TechniqueByName("forever-iframe")
	evidence := func(part string, acts ...measure.FrameSight) *Evidence {
		e := &Evidence{Part: part, Attached: true, Frames: acts, Client: []measure.Event{{Kind: measure.Prelude, T: at(1)}}}
		for _, m := range []int64{200, 400, 900, 1100} {
			e.Client = append(e.Client, measure.Event{Kind: measure.Received, T: at(m)})
		}
		return e
	}
	whole := evidence(framesAfter,
		measure.FrameSight{Act: measure.FrameNavigates, T: at(0)}, measure.FrameSight{Act: measure.FrameBusy, T: at(10)},
		measure.FrameSight{Act: measure.FrameLoaded, T: at(610)}, measure.FrameSight{Act: measure.FrameIdle, T: at(610)},
		measure.FrameSight{Act: measure.FrameNavigates, T: at(700)}, measure.FrameSight{Act: measure.FrameBusy, T: at(710)},
		measure.FrameSight{Act: measure.FrameLoaded, T: at(1310)}, measure.FrameSight{Act: measure.FrameIdle, T: at(1310)},
		measure.FrameSight{Act: measure.FrameNavigates, T: at(1400)})
	judge := func(e *Evidence) Finding { return judgePageFrames(Case{Technique: technique}, e) }

	f := judge(whole)
	if f.Verdict != measure.Works || f.Values["navigations"] != 3 || f.Values["load_ms"] != 610 || f.Values["messages_before_load"] != 2 {
		t.Errorf("%s %s %v", f.Verdict, f.Got, f.Values)
	}
	if hourly := f.Values["navigations_per_hour"]; hourly < 59.8 || hourly >= 60 { // 100 ms to come back each minute
		t.Errorf("%v navigations an hour", hourly)
	}
	if share := f.Values["loading_share"]; share < 0.856 || share > 0.858 { // 1,200 of 1,400 ms
		t.Errorf("shown as loading for %v of the time", share)
	}
	if _, told := f.Values["page_load_ms"]; told {
		t.Error("a page was timed that was not watched")
	}

	for name, c := range map[string]struct {
		page  int64
		early float64
	}{"the page waits": {620, 0}, "it does not": {50, 1}} {
		t.Run(name, func(t *testing.T) {
			acts := []measure.FrameSight{{Act: measure.FrameNavigates, T: at(0)}, {Act: measure.FrameLoaded, T: at(610)}}
			acts = append(acts, measure.FrameSight{Act: measure.PageLoaded, T: at(c.page)})
			if c.early > 0 {
				acts[1], acts[2] = acts[2], acts[1]
			}
			both := *whole
			both.Parts = []*Evidence{whole, evidence(framesWhile, acts...)}
			f := judge(&both)
			if f.Values["page_load_ms"] != float64(c.page) || f.Values["page_loads_streaming"] != c.early {
				t.Errorf("%s %v", f.Got, f.Values)
			}
		})
	}
	once := evidence(framesAfter, measure.FrameSight{Act: measure.FrameNavigates, T: at(1000)})
	if f := judge(once); f.Verdict != measure.Untested {
		t.Errorf("one navigation says %s: %s", f.Verdict, f.Got)
	}
}

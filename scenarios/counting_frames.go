package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// CountingFrames asks for what a person notices of a stream in a frame: a
// throbber that turns as long as something loads, and a click whenever the frame
// is given an address.
func CountingFrames() Check {
	return Check{
		ID: "counting/frames", Question: "Does the browser show a page as loading while its frame streams, and how often does the frame navigate?",
		Kind: measure.Observe, Axis: measure.Counting, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true, Resume: true},
		Trials:  []Trial{framesTrial()},
		Applies: func(t measure.Technique) bool { return strings.HasPrefix(t.Name, "forever-iframe") },
		Judge:   func(c Case) Finding { return judgePageFrames(c, c.Evidence[framesName]) },
	}
}

func judgePageFrames(c Case, e *Evidence) Finding {
	f := Finding{Verdict: measure.Untested}
	if bad, failed := openingFailure(c, e); failed {
		f.Got = "did not open: " + bad.got
		return f
	}
	after := framesSeen(e)
	if after.navigations < 2 || after.loads == 0 || after.messages == 0 {
		f.Got = fmt.Sprintf("%d navigations, %d load events and %d messages: too few to say", after.navigations, after.loads, after.messages)
		return f
	}
	f.Verdict = measure.Works
	// A navigation costs the stream's time and what it takes to come back.
	period := usualRecycle*time.Second + max(0, after.period-shortRecycle)
	hourly := float64(time.Hour) / float64(period)
	f.Values = map[string]float64{
		"navigations": float64(after.navigations), "navigations_per_hour": hourly,
		"loads": float64(after.loads), "load_ms": ms(after.load), "messages_before_load": float64(after.messages) / float64(after.loads),
	}
	f.Got = fmt.Sprintf("the frame's load event came %s after it was given its address, the stream lasting %s, with %.1f messages before it",
		short(after.load), short(shortRecycle), f.Values["messages_before_load"])
	if after.tells {
		f.Values["loading_share"] = after.busy
		f.Got += fmt.Sprintf("; the browser showed it as loading for %.0f %% of the time", 100*after.busy)
	}
	if while := e.part(framesWhile); while != nil {
		if seen := framesSeen(while); seen.pages > 0 {
			f.Values["page_load_ms"], f.Values["page_loads_streaming"] = ms(seen.page), float64(seen.early)
			held := "waited for the stream's end"
			if seen.early > 0 {
				held = "came while it streamed"
			}
			f.Got += fmt.Sprintf("; of a page that begins while it loads the load event %s (%s)", held, short(seen.page))
		}
	}
	f.Got += fmt.Sprintf("; %.0f navigations an hour where the origin recycles each minute", hourly)
	return f
}

// framesRead is what became of the frames of one part.
type framesRead struct {
	navigations, loads, pages int
	early                     int           // load events of pages that came before those of the frames in them
	messages                  int           // between a navigation and its load event
	period                    time.Duration // from navigation to navigation
	load, page                time.Duration // from navigation to load event, in the median
	tells                     bool          // the browser itself says whether it loads
	busy                      float64       // share of the time that it says so
}

func framesSeen(e *Evidence) framesRead {
	var out framesRead
	var began, last, busySince, first int64
	var busyFor int64
	var loads, pages []time.Duration
	open := 0 // frames that the browser shows as loading
	for _, a := range e.Frames {
		last = a.T
		switch a.Act {
		case measure.FrameNavigates:
			if first == 0 {
				first = a.T
			}
			began = a.T
			out.navigations++
			out.period = time.Duration(a.T-first) * time.Microsecond
		case measure.FrameLoaded:
			out.loads++
			loads = append(loads, time.Duration(a.T-began)*time.Microsecond)
			for _, m := range ofKind(e.Client, measure.Received) {
				if m.T > began && m.T <= a.T {
					out.messages++
				}
			}
		case measure.PageLoaded:
			out.pages++
			pages = append(pages, time.Duration(a.T-began)*time.Microsecond)
			if out.pages > out.loads {
				out.early++
			}
		case measure.FrameBusy:
			out.tells = true
			if open++; open == 1 {
				busySince = a.T
			}
		case measure.FrameIdle:
			if open--; open == 0 {
				busyFor += a.T - max(busySince, first)
			}
			open = max(open, 0)
		}
	}
	if open > 0 {
		busyFor += last - max(busySince, first)
	}
	if out.navigations > 1 {
		out.period /= time.Duration(out.navigations - 1)
	}
	if last > first {
		out.busy = min(1, float64(busyFor)/float64(last-first))
	}
	out.load, out.page = quantile(loads, .5), quantile(pages, .5)
	return out
}

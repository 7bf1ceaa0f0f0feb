package plays

import (
	"context"
	"time"
)

const aCaller = "document.querySelector('#callers button')"

// rings is how often somebody calls, at most.
const rings = 3 * time.Second

// dwr handles a call. interval is how often the page asks what is new.
func dwr(name, query string, interval time.Duration) Play {
	return Play{Name: name, Page: "/demo/dwr/?" + query, Acts: []Act{
		until("the table is shown", "Number($('calls').textContent) >= 1").within(interval),
		until("somebody calls", aCaller).within(rings + interval),
		take().within(interval),
		press("the call is over: its row goes", "complete", 0, "!$('row-' + current)").within(interval),
	}}
}

// take presses the button of the first caller, which the server then disables.
func take() Act {
	return Act{Name: "the call is taken: its button is disabled", Do: func(ctx context.Context, s *Scene) error {
		if err := s.Tab.Eval(ctx, "("+aCaller+".focus(), true)", nil); err != nil {
			return err
		}
		if err := s.Tab.Press(ctx, "Enter"); err != nil {
			return err
		}
		return s.Tab.Until(ctx, "!$('form').hidden && $('handle-' + current)?.disabled")
	}}
}

// ringing is longer than the time from one call to the next.
const ringing = rings + 500*time.Millisecond

// dwrPiggyback sees what happened whenever it calls the server itself.
func dwrPiggyback() Play {
	return Play{Name: "demo/dwr-piggyback", Page: "/demo/dwr/?mode=piggyback", Acts: []Act{
		until("the table is shown", "Number($('calls').textContent) >= 1"),
		press("who called is told with the next reply", "refresh", ringing, aCaller),
		take(),
		press("the call is over: its row goes", "complete", 0, "!$('row-' + current)"),
	}}
}

package plays

import (
	"context"
	"time"
)

const aCaller = "document.querySelector('#callers button')"

// dwr handles a call.
func dwr(name, query string) Play {
	return Play{name, "/demo/dwr/?" + query, []Act{
		until("the table is shown", "Number($('calls').textContent) >= 1"),
		until("somebody calls", aCaller),
		take(),
		press("the call is over: its row goes", "complete", 0, "!$('row-' + current)"),
	}}
}

// take presses the button of the first caller, which the server then disables.
func take() Act {
	return Act{"the call is taken: its button is disabled", func(ctx context.Context, s *Scene) error {
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
const ringing = 3500 * time.Millisecond

// dwrPiggyback sees what happened whenever it calls the server itself.
func dwrPiggyback() Play {
	return Play{"demo/dwr-piggyback", "/demo/dwr/?mode=piggyback", []Act{
		until("the table is shown", "Number($('calls').textContent) >= 1"),
		press("who called is told with the next reply", "refresh", ringing, aCaller),
		take(),
		press("the call is over: its row goes", "complete", 0, "!$('row-' + current)"),
	}}
}

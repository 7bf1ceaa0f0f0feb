package plays

import "time"

// rocket waits for objects and has the server terminate.
func rocket() Play {
	return Play{Name: "demo/rocket", Page: "/demo/rocket/?", Acts: []Act{
		until("the first object arrives", "Number($('payloads').textContent) >= 1"),
		until("two more follow, one a second", "Number($('payloads').textContent) >= 3"),
		press("the server terminates", "terminate", 0, "$('state').textContent === 'terminated' && !document.querySelector('iframe')"),
	}}
}

// resin waits for three ticks.
func resin() Play {
	return Play{Name: "demo/resin-ticker", Page: "/demo/resin-ticker/?", Acts: []Act{
		until("comet_update(1) is called", "Number($('content').textContent) >= 1"),
		until("comet_update(2) is called", "Number($('content').textContent) >= 2"),
		until("comet_update(3) is called", "Number($('content').textContent) >= 3"),
	}}
}

// settled is how long a page is given to get its request to the server before
// something happens there.
const settled = 700 * time.Millisecond

// silence is longer than the short idle limit of the suite.
const silence = 2500 * time.Millisecond

// grizzlyHeld increments while a GET is suspended.
func grizzlyHeld() Play {
	return Play{Name: "demo/grizzly-counter", Page: "/demo/grizzly-counter/?", Bare: "Number($('missing').textContent) > 0", Acts: []Act{
		press("an increment reaches the suspended GET", "increment", settled, "Number($('answers').textContent) >= 1 && $('held').textContent === '1'"),
		press("another does, after silence", "increment", silence, "$('held').textContent === '2'"),
	}}
}

// grizzlyStream does so beside a stream.
func grizzlyStream() Play {
	return Play{Name: "demo/grizzly-counter-stream", Page: "/demo/grizzly-counter/?", Acts: []Act{
		until("the stream opens", "$('stream-state').textContent === 'open'"),
		press("an increment is written to it", "increment", 0, "$('streamed').textContent === '1'"),
		press("another is, after silence", "increment", silence, "$('streamed').textContent === '2'"),
	}}
}

package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

// house is a reference server with the demos, and a browser to look at them.
type house struct {
	url     string
	browser *browsers.Browser
	ctx     context.Context
}

// demoHouse starts one, with the demos' policy time scaled, or skips the test
// where no browser is.
func demoHouse(t *testing.T, scale float64) house {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	browser, err := browsers.NewChromium(ctx, browsers.Options{})
	if missing := (*browsers.MissingError)(nil); errors.As(err, &missing) {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	srv, err := reference.New(reference.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := demos.Mount(srv, demos.Options{TimeScale: scale})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving, end := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(serving, ln) })
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
		end()
		served.Wait()
		stop()
	})
	return house{"http://" + ln.Addr().String(), browser, ctx}
}

func (h house) open(ctx context.Context, page string) (measure.Tab, error) {
	return h.browser.Open(ctx, measure.Target{URL: h.url + page})
}

// visit opens a page and closes it when the test ends.
func (h house) visit(t *testing.T, page string) measure.Tab {
	t.Helper()
	tab, err := h.open(h.ctx, page)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab
}

func (h house) until(t *testing.T, tab measure.Tab, conditions ...string) {
	t.Helper()
	for _, c := range conditions {
		ctx, cancel := context.WithTimeout(h.ctx, 20*time.Second)
		err := tab.Until(ctx, c)
		cancel()
		if err != nil {
			var text string
			_ = tab.Eval(h.ctx, "document.body.innerText", &text)
			t.Fatalf("%v; %+v; the page shows:\n%s", err, tab.Trouble(), text)
		}
	}
}

func TestDemosPlayInABrowser(t *testing.T) {
	h := demoHouse(t, 1)
	for _, play := range plays.All() {
		t.Run(strings.TrimPrefix(play.Name, "demo/"), func(t *testing.T) {
			t.Parallel()
			done, err := play.Perform(h.ctx, strings.ReplaceAll(play.Name, "/", "-"), h.open)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range done.Steps {
				if step.Err != nil {
					t.Errorf("%s: %v", step.Name, step.Err)
				}
			}
			if len(done.Steps) != len(play.Acts) {
				t.Errorf("%d of %d acts", len(done.Steps), len(play.Acts))
			}
			if tr := done.Trouble; len(tr.Complaints)+len(tr.Foreign)+len(tr.Refused)+len(tr.Breaks) > 0 {
				t.Errorf("trouble: %+v", tr)
			}
		})
	}
}

func TestDemoPagesFitAndAreReachedByKeyboard(t *testing.T) {
	h := demoHouse(t, 1)
	pages := []string{"/demo/"}
	for _, d := range demos.All() {
		pages = append(pages, "/demo/"+d.Name)
	}
	for _, page := range pages {
		tab := h.visit(t, page)
		for _, look := range []browsers.Look{{Width: 320, Height: 640}, {Width: 390, Height: 844, Dark: true}, {Width: 1280, Height: 800}} {
			if err := tab.(*browsers.Tab).Show(h.ctx, look); err != nil {
				t.Fatal(err)
			}
			var wide, dark bool
			if err := tab.Eval(h.ctx, "document.documentElement.scrollWidth > innerWidth", &wide); err != nil || wide {
				t.Errorf("%s at %d pixels: wider than the window, or %v", page, look.Width, err)
			}
			brightness := "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) < 384"
			if err := tab.Eval(h.ctx, brightness, &dark); err != nil || dark != look.Dark {
				t.Errorf("%s: dark is %v, want %v; %v", page, dark, look.Dark, err)
			}
		}
		h.tabThrough(t, tab, page)
		if tr := tab.Trouble(); len(tr.Complaints)+len(tr.Foreign) > 0 {
			t.Errorf("%s: %+v", page, tr)
		}
	}
}

// tabThrough goes through a page by the Tab key and wants all that can be used
// to have had the focus.
func (h house) tabThrough(t *testing.T, tab measure.Tab, page string) {
	t.Helper()
	var missed []string
	usable := "[...document.querySelectorAll('a, button, input, [tabindex=\"0\"]')].filter(e => !e.disabled && e.checkVisibility())"
	var count int
	if err := tab.Eval(h.ctx, "(window.had = new Set(), addEventListener('focusin', e => had.add(e.target)), "+usable+".length)", &count); err != nil {
		t.Fatal(err)
	}
	for range count + 2 { // more may appear meanwhile
		if err := tab.Press(h.ctx, "Tab"); err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.Eval(h.ctx, usable+".slice(0, "+strconv.Itoa(count)+").filter(e => !had.has(e)).map(e => e.outerHTML)", &missed); err != nil || len(missed) > 0 {
		t.Errorf("%s: not reached by keyboard: %q, %v", page, missed, err)
	}
}

func TestRocketReopensAndStops(t *testing.T) {
	h := demoHouse(t, 0.05) // a connection lives for 3 s
	tab := h.visit(t, "/demo/rocket")
	h.until(t, tab,
		"Number($('failures').textContent) >= 1 && Number($('payloads').textContent) >= 8", // onFailure did not end it
		"Number($('connections').textContent) >= 2 && $('state').textContent === 'receiving'",
		"document.querySelectorAll('iframe').length === 1")
	// Stopped between two connections, it leaves no request behind.
	stopped := "(client.later('a test', 50), client.stop(), new Promise(done => setTimeout(() => done(document.querySelectorAll('iframe').length), 400)))"
	var frames int
	if err := tab.Eval(h.ctx, stopped, &frames); err != nil || frames != 0 {
		t.Errorf("%d iframes after stop, %v", frames, err)
	}
	if err := tab.Eval(h.ctx, "client.start()", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, tab, "$('state').textContent === 'receiving'")
	if tr := tab.Trouble(); len(tr.Complaints) > 0 {
		t.Errorf("%+v", tr)
	}
}

func TestResinIsClosedAfterTheTenth(t *testing.T) {
	h := demoHouse(t, 0.1)
	tab := h.visit(t, "/demo/resin-ticker")
	h.until(t, tab, "$('content').textContent === '10' && /after the tenth/.test($('state').textContent) && !$('again').disabled")
}

func TestTennisRecyclesInMidGame(t *testing.T) {
	h := demoHouse(t, 0.1) // an iframe is renewed every 3 s; the game keeps its own time
	left, right := h.visit(t, "/demo/tennis"), h.visit(t, "/demo/tennis")
	for _, tab := range []measure.Tab{left, right} {
		h.until(t, tab, "!$('create').disabled")
	}
	const announced = `/your game is (\w+)/.exec($('state').textContent)`
	if err := left.Eval(h.ctx, "$('create').click()", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, left, announced)
	var game string
	if err := left.Eval(h.ctx, announced+"[1]", &game); err != nil {
		t.Fatal(err)
	}
	if err := right.Eval(h.ctx, "($('id').value = '"+game+"', $('join').requestSubmit())", nil); err != nil {
		t.Fatal(err)
	}
	for _, tab := range []measure.Tab{left, right} {
		h.until(t, tab, "serverComet.recycled >= 2 && serverComet.last > 100")
		var bad []string
		expression := "[serverComet.missing && 'messages are missing', $('court').hidden && 'the game is over', ...[...$('log').children].filter(li => li.className === 'bad').map(li => li.textContent)].filter(Boolean)"
		if err := tab.Eval(h.ctx, expression, &bad); err != nil || len(bad) > 0 {
			t.Errorf("noticed: %q, %v", bad, err)
		}
	}
	// A closed tab is a quit within a heartbeat.
	if err := right.Eval(h.ctx, "location.href = '/demo/'", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, left, "$('court').hidden && /over: player-. left/.test($('state').textContent)")
}

func TestGrizzlyCountsWhatCoalesced(t *testing.T) {
	h := demoHouse(t, 1)
	tab := h.visit(t, "/demo/grizzly-counter?room=coalesce")
	h.until(t, tab, "$('stream-state').textContent === 'open' && $('held-state').textContent === 'suspended'")
	if err := tab.Eval(h.ctx, "$('five').click()", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, tab, "$('streamed').textContent === '5' && $('held-state').textContent === 'suspended'")
	if err := tab.Eval(h.ctx, "wait = new Promise(done => setTimeout(done, 300)).then(increment)", nil); err != nil { // a GET waits by then
		t.Fatal(err)
	}
	// Five and one more: whatever the answers were, none was lost.
	h.until(t, tab, "$('held').textContent === '6' && Number($('answers').textContent) + Number($('coalesced').textContent) === 6")
}

func TestTwoAgentsAtTheCallCentre(t *testing.T) {
	h := demoHouse(t, 0.3)
	const page = "/demo/dwr?room=agents&mode="
	one, two := h.visit(t, page+"comet"), h.visit(t, page+"polling")
	const caller = "document.querySelector('#callers button:not(:disabled)')"
	h.until(t, one, caller)
	h.until(t, two, caller)
	if err := one.Eval(h.ctx, caller+".click()", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, one, "current")
	var call string
	if err := one.Eval(h.ctx, "'handle-' + current", &call); err != nil {
		t.Fatal(err)
	}
	h.until(t, two, "$('"+call+"').disabled") // a widget of another page, by another mode
	// Who leaves the page gives the call back.
	if err := one.Eval(h.ctx, "location.href = '/demo/'", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, two, "!$('"+call+"').disabled")
	if err := two.Eval(h.ctx, "$('"+call+"').click()", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, two, "!$('form').hidden")
	if err := two.Eval(h.ctx, "($('notes').value = 'call <b>back</b>', $('form').requestSubmit())", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, two, "[...document.querySelectorAll('#callers td')].some(td => td.textContent === 'call <b>back</b>')")
	if tr := two.Trouble(); len(tr.Complaints)+len(tr.Foreign) > 0 {
		t.Errorf("%+v", tr)
	}
}

func TestTennisTellsWhatCannotBe(t *testing.T) {
	h := demoHouse(t, 1)
	tab := h.visit(t, "/demo/tennis")
	h.until(t, tab, "!$('create').disabled")
	if err := tab.Eval(h.ctx, "($('id').value = 'none', $('join').requestSubmit())", nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, tab, "/no such game/.test($('error').textContent)")
}

package browsers

import (
	"net/url"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// mostTroubles bounds what a tab remembers of each kind.
const mostTroubles = 100

// notice keeps what the page complains of, and how its requests fare.
func (t *Tab) notice(ev any) {
	_, _ = t.page.box.take() // nobody else reads it
	t.mu.Lock()
	defer t.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			text += ": " + e.Description
		}
		keep(&t.trouble.Complaints, text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			text := "console." + string(ev.Type)
			for _, arg := range ev.Args {
				text += " " + string(arg.Value) + arg.Description
			}
			keep(&t.trouble.Complaints, text)
		}
	case *cdplog.EventEntryAdded:
		if ev.Entry.Level == cdplog.EntryLevelError {
			keep(&t.trouble.Complaints, ev.Entry.Text+" "+ev.Entry.URL)
		}
	default:
		t.noticeNetwork(ev)
	}
}

func (t *Tab) noticeNetwork(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(ev.Request.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return
		}
		if u.Scheme+"://"+u.Host != t.origin {
			keep(&t.trouble.Foreign, ev.Request.URL)
		}
		t.answers[ev.RequestID] = &answerSeen{url: ev.Request.URL, last: float64(ev.Timestamp)}
	case *network.EventResponseReceived:
		if ev.Response != nil && ev.Response.Status >= 400 {
			keep(&t.trouble.Refused, int(ev.Response.Status))
		}
		t.heard(ev.RequestID, float64(ev.Timestamp))
	case *network.EventDataReceived:
		t.heard(ev.RequestID, float64(ev.Timestamp))
	case *network.EventLoadingFinished:
		delete(t.answers, ev.RequestID)
	case *network.EventLoadingFailed:
		a := t.answers[ev.RequestID]
		delete(t.answers, ev.RequestID)
		if a == nil || ev.Canceled {
			return // the page itself gave it up
		}
		keep(&t.trouble.Breaks, measure.Break{
			URL: a.url, Error: ev.ErrorText, Silence: time.Duration((float64(ev.Timestamp) - a.last) * float64(time.Second)),
		})
	}
}

func (t *Tab) heard(id network.RequestID, at float64) {
	if a := t.answers[id]; a != nil {
		a.last = at
	}
}

func keep[T any](list *[]T, item T) {
	if len(*list) < mostTroubles {
		*list = append(*list, item)
	}
}

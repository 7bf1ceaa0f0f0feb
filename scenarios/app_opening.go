package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// judgeAppOpening adds to what is asked of every opening what an application
// behind a gateway shows: headers that did not arrive, requests that came
// twice, an answer that was not the one to this request.
func judgeAppOpening(c Case, e *Evidence) Finding {
	f := judgeOpening(c, e)
	lacks := lacked(e)
	switch requests := len(e.Requests()); {
	case f.Verdict == measure.Works && lacks != "" && len(e.Sent) == 0 && c.firstPathSent() > 0:
		f.Verdict, f.Cause = measure.Broken, droppedCause(lacks)
		f.Got = fmt.Sprintf("the application answered something else than over the direct path%s: the request came without %s", excerpt(e), lacks)
	case f.Verdict == measure.Works && requests > 1 && e.read():
		f.Verdict, f.Cause = measure.Degraded, "request-repeated"
		f.Values["requests_origin"] = float64(requests)
		f.Got += fmt.Sprintf("; one request of the client's reached the application %d times", requests)
	case f.Verdict == measure.Works && lacks != "":
		f.Got += "; the request came without " + lacks
	}
	f.Doubtful = e.mayChangeItsMind(f)
	return f
}

// mayChangeItsMind reports whether a verdict rests on a refusal of the
// application's own: the next time it may grant what it refused.
func (e *Evidence) mayChangeItsMind(f Finding) bool {
	_, itself := e.refusedItself()
	return f.Verdict == measure.Broken && f.Cause == "unknown" && (itself || e.closedUnanswered())
}

// closedUnanswered reports whether the application closed the connection of
// the last request without an answer.
func (e *Evidence) closedUnanswered() bool {
	return !e.Attached && e.unanswered() && slices.ContainsFunc(e.Origin, func(o measure.Event) bool {
		return o.Kind == measure.End && o.Sub == e.Requests()[len(e.Requests())-1].Sub
	})
}

// read reports whether somebody read along at the application.
func (e *Evidence) read() bool { return e.HTTPUpstream() != "" }

// lacked names the headers with which the request did not reach the
// application, "" for none.
func lacked(e *Evidence) string {
	names := ""
	for _, r := range e.Requests() {
		if _, list, ok := strings.Cut(r.Note, "without "); ok {
			names = list
		}
	}
	return names
}

func droppedCause(lacks string) string {
	if strings.Contains(lacks, "Cookie") {
		return "cookie-dropped"
	}
	return "header-dropped"
}

// refusedItself is the request that the application answered with a redirect
// or an error, if it accepted none.
func (e *Evidence) refusedItself() (measure.Event, bool) {
	requests := e.Requests()
	if e.Attached || len(requests) == 0 {
		return measure.Event{}, false
	}
	last := requests[len(requests)-1]
	return last, last.Status >= 300
}

// firstPathSent is how many messages the application sent over the first path.
func (c Case) firstPathSent() int {
	if ctl := c.Control[appName]; ctl != nil {
		return len(ctl.exchanges()[0].Sent)
	}
	return 0
}

// refineOpening tells an opening that the application itself refused from one
// that the path did not let happen.
func (c Case) refineOpening(e *Evidence, d diagnosis) diagnosis {
	head, answered := firstHead(e)
	lacks := lacked(e)
	_, itself := e.refusedItself()
	switch {
	case !e.read():
		if answered && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, head.Status) {
			d.got += c.credentials()
		}
	case itself && lacks == "Upgrade":
		// said already: the application was not asked to upgrade
	case itself && lacks != "":
		return diagnosis{cause: droppedCause(lacks), got: fmt.Sprintf("the application itself refused the request%s: it came without %s", excerpt(e), lacks)}
	case itself && len(e.Refusals()) == 0:
		return diagnosis{cause: "unknown", got: fmt.Sprintf("the application itself refused the request%s, and did not refuse it over the direct path", excerpt(e))}
	case e.closedUnanswered():
		return diagnosis{cause: "unknown", got: "the application itself closed without an answer, and did not over the direct path" + excerpt(e)}
	case answered && e.unanswered() && slices.Contains([]int{http.StatusGatewayTimeout, http.StatusRequestTimeout}, head.Status):
		waited := time.UnixMicro(head.T).Sub(e.Started)
		return diagnosis{cause: "first-byte-timeout", got: fmt.Sprintf("status %d from the path after %s, before the application had answered", head.Status, short(waited))}
	}
	return d
}

// unanswered reports whether the application was asked and had not said
// anything when the exchange ended.
func (e *Evidence) unanswered() bool {
	requests := e.Requests()
	return len(requests) > 0 && requests[len(requests)-1].Status == 0
}

// credentials reminds of what a refusal may be about that nobody read along.
func (c Case) credentials() string {
	target, err := c.App.Target("")
	if err != nil {
		return ""
	}
	var sent []string
	for _, name := range []string{"Authorization", "Cookie"} {
		if target.Header.Get(name) != "" {
			sent = append(sent, name)
		}
	}
	if len(sent) == 0 {
		return ""
	}
	return "; perhaps " + strings.Join(sent, " and ") + " did not pass, for the first path was not refused"
}

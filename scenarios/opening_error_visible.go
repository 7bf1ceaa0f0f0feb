package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// OpeningErrorVisible asks what the client learns when the origin fails, and
// after how long: refused, replaced by a gateway's page, closed without an
// answer, cut in mid-stream.
func OpeningErrorVisible() Check {
	return Check{
		ID: "opening/error-visible", Question: "Does the client learn of errors, and how soon?",
		Kind: measure.Observe, Axis: measure.Opening, Tier: Full, Requires: Needs{Publish: true, Record: true, Options: true},
		Trials: []Trial{errorsTrial()},
		Judge:  judgeErrors,
	}
}

func judgeErrors(c Case) Finding {
	f := Finding{Verdict: measure.Works, Values: map[string]float64{}, Want: []string{fmt.Sprintf("each of %s within %s", strings.Join(failures, ", "), short(c.Limits.Late))}}
	var words []string
	for _, how := range failures {
		e := c.Evidence[errorsName].part(how)
		failed, ok := failedAt(e, how)
		if !ok {
			words = append(words, how+": the request did not get so far"+excerpt(e))
			continue
		}
		l := learned(e, failed)
		if n := e.Repeated(); n > 0 {
			f.Values["asked_again"] += float64(n)
			l.words += fmt.Sprintf(", and the path had asked %s more", times(n))
		}
		words = append(words, fmt.Sprintf("%s: %s", how, l.words))
		name := map[string]string{"403": "forbidden", "502": "bad_gateway", "close": "closed", "cut": "cut"}[how]
		f.Values[name+"_ms"] = -1
		if !l.told {
			f.Verdict, f.Cause = measure.Broken, "half-open"
			continue
		}
		f.Values[name+"_ms"] = ms(l.after)
		if l.status != 0 {
			f.Values[name+"_status"] = float64(l.status)
		}
		if v := c.Limits.Verdict(l.after); v == measure.Broken {
			f.Verdict, f.Cause = measure.Broken, "half-open"
		}
		if how == "cut" && l.clean && f.Verdict == measure.Works {
			f.Verdict, f.Cause = measure.Degraded, "truncated"
		}
		if want, err := strconv.Atoi(how); err == nil && l.status != want && f.Verdict == measure.Works {
			f.Verdict, f.Cause = measure.Degraded, "error-page"
		}
	}
	if len(f.Values) == 0 {
		return Finding{Verdict: measure.Untested, Got: "no request got as far as the failure: " + strings.Join(words, "; ")}
	}
	f.Got = strings.Join(words, "; ")
	return f
}

// failedAt is when the origin last failed as it was told to.
func failedAt(e *Evidence, how string) (time.Time, bool) {
	var at time.Time
	for _, o := range e.Origin {
		asked := o.Kind == measure.Failed && (strconv.Itoa(o.Status) == how || o.Status == 0 && how == "close")
		if asked || o.Kind == measure.End && how == "cut" {
			at = time.UnixMicro(o.T)
		}
	}
	return at, !at.IsZero()
}

// lesson is what a client learned of a failure.
type lesson struct {
	told   bool
	after  time.Duration
	status int
	clean  bool // it looked like a proper end
	words  string
}

func learned(e *Evidence, failed time.Time) lesson {
	var l lesson
	if head, answered := firstHead(e); answered {
		l.status = head.Status
	}
	for _, ev := range e.Client {
		if ev.Kind != measure.End && (ev.Kind != measure.Failed || malformed(ev)) || !e.Left.IsZero() && ev.T >= e.Left.UnixMicro() {
			continue
		}
		l.told, l.after = true, max(0, time.UnixMicro(ev.T).Sub(failed))
		l.clean = ev.Kind == measure.End && ev.EndKind == measure.EndClean
		switch {
		case l.status >= 400:
			l.words = fmt.Sprintf("status %d after %s", l.status, short(l.after))
		case ev.Kind == measure.End:
			l.words = fmt.Sprintf("an end (%s) after %s", ev.EndKind, short(l.after))
		default:
			l.words = fmt.Sprintf("an error after %s", short(l.after))
		}
		return l
	}
	l.words = fmt.Sprintf("nothing within %s", short(learnWait))
	return l
}

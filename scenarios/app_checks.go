package scenarios

import (
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ApplicationChecks returns the questions that can be asked about somebody's
// own endpoint, then those of All that need the reference server: these end
// untested, with the reason.
func ApplicationChecks() []Check {
	own := ChecksOfApplication()
	for _, c := range All() {
		if !slices.ContainsFunc(own, func(o Check) bool { return o.ID == c.ID }) {
			own = append(own, c)
		}
	}
	return own
}

// ChecksOfApplication returns those that can be asked.
func ChecksOfApplication() []Check {
	own := []Check{
		appCheck("opening/connect", "Does the request reach the application, and its answer the client?", measure.Opening, judgeAppOpening),
		appCheck("delivery/first", "Does the first message arrive at once?", measure.Delivery, judgeAppFirst),
		appCheck("delivery/steady", "Does each message arrive when it was sent, all of them and in order?", measure.Delivery, judgeAppSteady),
		appCheck("delivery/gaps", "Are there gaps that the application did not make?", measure.Delivery, judgeGaps),
		appCheck("delivery/order", "Do the messages' own numbers count up?", measure.Delivery, judgeOrder),
		appCheck("delivery/latency", "How old are messages by their own send times?", measure.Delivery, judgeLatency),
		appCheck("delivery/silence", "Which silence of the application did the path bear?", measure.Delivery, judgeSilence),
		appCheck("ending/truncated", "Does the answer end as the application ended it?", measure.Ending, judgeAppTruncated),
	}
	own[6].Kind = measure.Observe
	return own
}

func appCheck(id, question string, axis measure.Axis, judge func(Case, *Evidence) Finding) Check {
	return Check{
		ID: id, Question: question, Kind: measure.Required, Axis: axis, Trials: []Trial{appTrial()},
		Judge: func(c Case) Finding { return overRounds(c, judge) },
	}
}

// overRounds judges each exchange of the trial by itself and answers with the
// one in the middle: what one of three shows may be the hour's.
func overRounds(c Case, judge func(Case, *Evidence) Finding) Finding {
	parts := c.Evidence[appName].exchanges()
	var all []Finding
	for _, e := range parts {
		all = append(all, judge(c, e))
	}
	if len(all) == 1 {
		return all[0]
	}
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b Finding) int { return severity(a.Verdict) - severity(b.Verdict) })
	f := ordered[len(ordered)/2]
	f.Doubtful = false // it was measured again already
	if f.Values == nil {
		f.Values = map[string]float64{}
	}
	f.Values["rounds"] = float64(len(all))
	if ordered[0].Verdict != ordered[len(ordered)-1].Verdict {
		var words []string
		for _, one := range all {
			words = append(words, string(one.Verdict))
		}
		f.Got += "; it wavers: " + strings.Join(words, ", ")
	}
	return f
}

func severity(v measure.Verdict) int {
	return slices.Index([]measure.Verdict{measure.Untested, measure.Works, measure.Degraded, measure.Broken}, v)
}

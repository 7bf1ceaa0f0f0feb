package scenarios

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

var (
	streamCase = Case{Technique: measure.Technique{Name: "eventsource", Class: measure.ClassStream}, Limits: measure.NewThresholds(0, 0)}
	socketCase = Case{Technique: measure.Technique{Name: "websocket", Class: measure.ClassSocket}, Limits: measure.NewThresholds(0, 0)}
)

// script writes evidence down by hand: times are milliseconds from its start.
type script struct {
	*Evidence
	start time.Time
}

func newScript(part string) script {
	start := time.Now()
	return script{&Evidence{Part: part, Started: start, Scale: 1, Attached: true, Asked: 1}, start}
}

func (s script) at(ms int) int64 {
	return s.start.Add(time.Duration(ms) * time.Millisecond).UnixMicro()
}

// client and origin add an event at a time.
func (s script) client(ms int, ev measure.Event) script {
	ev.T = s.at(ms)
	s.Client = append(s.Client, ev)
	return s
}

func (s script) origin(ms int, ev measure.Event) script {
	ev.T = s.at(ms)
	s.Origin = append(s.Origin, ev)
	return s
}

func (s script) released(ms int) script {
	s.Released = s.start.Add(time.Duration(ms) * time.Millisecond)
	return s
}

var (
	accepted1 = measure.Event{Kind: measure.Headers, Sub: 1}
	accepted2 = measure.Event{Kind: measure.Headers, Sub: 2}
	head200   = measure.Event{Kind: measure.Headers, Status: 200}
	head101   = measure.Event{Kind: measure.Headers, Status: 101}
	helloSeen = measure.Event{Kind: measure.Prelude}
)

// found asserts a verdict and a cause.
func found(t *testing.T, f Finding, verdict measure.Verdict, cause string) {
	t.Helper()
	if f.Verdict != verdict || f.Cause != cause {
		t.Errorf("%s because %q (%s), want %s because %q", f.Verdict, f.Cause, f.Got, verdict, cause)
	}
	if f.Got == "" {
		t.Error("no words")
	}
	if _, known := measure.CauseByID(f.Cause); f.Cause != "" && !known {
		t.Errorf("cause %q is not in the table", f.Cause)
	}
}

func TestHeadOrBody(t *testing.T) {
	begun := func() script {
		s := newScript("head").origin(0, accepted1).released(3000)
		s.Waited = 500 * time.Millisecond
		return s
	}
	status := func(n int) measure.Event { return measure.Event{Kind: measure.Headers, Status: n} }
	for name, tt := range map[string]struct {
		e       script
		verdict measure.Verdict
		cause   string
	}{
		"at once":                                  {begun().client(2, head200).client(502, helloSeen), measure.Works, ""},
		"with the body":                            {begun().client(503, head200).client(505, helloSeen), measure.Degraded, "headers-held"},
		"late, and the body as late again":         {begun().client(600, head200).client(1100, helloSeen), measure.Works, ""},
		"at once, the body never":                  {begun().client(2, head200), measure.Works, ""},
		"only with the end":                        {begun().client(3005, head200).client(3006, helloSeen), measure.Untested, ""},
		"only with the end, and nothing behind it": {begun().client(3005, head200), measure.Untested, ""},
		"an error of the path's":                   {begun().client(150, status(504)), measure.Degraded, "first-byte-timeout"},
		"a cut before the head":                    {begun().client(150, measure.Event{Kind: measure.Failed}), measure.Degraded, "first-byte-timeout"},
		"a cut behind it":                          {begun().client(2, head200).client(100, measure.Event{Kind: measure.End, EndKind: measure.EndFIN}), measure.Works, ""},
		"nothing":                                  {begun(), measure.Untested, ""},
		"held until the path gave up":              {newScript("head").origin(0, accepted1).client(300, measure.Event{Kind: measure.Headers, Status: 200}).client(301, measure.Event{Kind: measure.End, EndKind: measure.EndFIN}), measure.Degraded, "headers-held"},
		"not even the request":                     {newScript("head"), measure.Untested, ""},
	} {
		t.Run(name, func(t *testing.T) { found(t, judgeHead(streamCase, tt.e.Evidence), tt.verdict, tt.cause) })
	}
}

func TestPreludeNeeded(t *testing.T) {
	with := func(paths ...pathModel) *Evidence {
		var parts []*Evidence
		for i, p := range paths {
			e := evidence(preludeMessages, steadySpacing, 110, p)
			e.Part = []string{"0", "256", "512", "1024", "2048", "4096"}[i]
			parts = append(parts, e)
		}
		return inParts(parts...)
	}
	for name, tt := range map[string]struct {
		e       *Evidence
		verdict measure.Verdict
		cause   string
		needed  float64
	}{
		"none":          {with(prompt, prompt, prompt, prompt, prompt, prompt), measure.Works, "", 0},
		"two kilobytes": {with(untilClose, untilClose, untilClose, untilClose, prompt, prompt), measure.Degraded, "prelude-dependent", 2048},
		"none helps":    {with(untilClose, untilClose, untilClose, untilClose, untilClose, untilClose), measure.Broken, "buffered", 0},
		"nor a block":   {with(untilBytes(220), untilBytes(220), untilBytes(220), untilBytes(220), untilBytes(220), untilBytes(220)), measure.Broken, "buffered", 0},
		"it does harm":  {with(prompt, prompt, prompt, prompt, untilClose, untilClose), measure.Broken, "prelude-dependent", 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := judgePrelude(streamCase, tt.e)
			found(t, f, tt.verdict, tt.cause)
			if got := f.Values["prelude_needed_bytes"]; got != tt.needed {
				t.Errorf("%g bytes needed, want %g", got, tt.needed)
			}
			if harms := f.Values["prelude_harms"] == 1; harms != (name == "it does harm") {
				t.Errorf("harms: %t", harms)
			}
		})
	}
	if f := judgePrelude(streamCase, with(prompt, untilClose, prompt, untilClose, prompt, prompt)); !f.Doubtful {
		t.Errorf("a pattern that wavers is believed: %+v", f)
	}
}

func TestAlternatives(t *testing.T) {
	a := alternative{part: partIdentity, cause: "accept-encoding-dependent", usual: "with", other: "without"}
	compressed := func(e *Evidence) *Evidence {
		e.Client[0].Encoding = "gzip"
		return e
	}
	steady := func(p pathModel) *Evidence { return evidence(steadyCount, steadySpacing, 110, p) }
	other := func(p pathModel) *Evidence {
		e := evidence(alternativeMessages, steadySpacing, 110, p)
		e.Part = partIdentity
		return e
	}
	refused := newScript(partIdentity).client(1, measure.Event{Kind: measure.Headers, Status: 403}).Evidence
	refused.Attached = false
	for name, tt := range map[string]struct {
		usual, other *Evidence
		verdict      measure.Verdict
		cause        string
	}{
		"only the usual way is held":             {steady(untilClose), other(prompt), measure.Broken, "accept-encoding-dependent"},
		"a timer for the usual way":              {steady(timer(time.Second)), other(prompt), measure.Degraded, "accept-encoding-dependent"},
		"compressed where it was offered":        {compressed(steady(untilClose)), other(prompt), measure.Broken, "compression"},
		"both are held":                          {steady(untilClose), other(untilClose), measure.Works, ""},
		"both stream":                            {steady(prompt), other(prompt), measure.Works, ""},
		"only the other one is held, to no harm": {steady(prompt), other(untilClose), measure.Works, ""},
		"the other one is refused":               {steady(untilClose), refused, measure.Untested, ""},
		"nobody asked":                           {steady(prompt), nil, measure.Untested, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := streamCase
			c.Evidence = map[string]*Evidence{steadyName: tt.usual}
			if tt.other != nil {
				c.Evidence[alternativesName] = inParts(tt.other)
			}
			found(t, a.judge(c), tt.verdict, tt.cause)
		})
	}
}

// Further trials are called for where something is held back, and in full runs.
func TestWhenHeld(t *testing.T) {
	further := whenHeld(alternativesTrial)
	dead := &Evidence{Left: time.Now()}
	for name, tt := range map[string]struct {
		e    *Evidence
		tier Tier
		want int
	}{
		"held":                     {evidence(steadyCount, steadySpacing, 110, untilClose), Quick, 1},
		"prompt":                   {evidence(steadyCount, steadySpacing, 110, prompt), Thorough, 0},
		"prompt, in a full run":    {evidence(steadyCount, steadySpacing, 110, prompt), Full, 1},
		"slow, and not held":       {evidence(steadyCount, steadySpacing, 110, slow(600*time.Millisecond)), Thorough, 0},
		"it did not open":          {dead, Thorough, 0},
		"it did not open, in full": {dead, Full, 0},
	} {
		c := streamCase
		c.Tier, c.Evidence = tt.tier, map[string]*Evidence{steadyName: tt.e}
		if got := further(c); len(got) != tt.want {
			t.Errorf("%s: %d trials, want %d", name, len(got), tt.want)
		}
	}
}

func TestFields(t *testing.T) {
	const sent = "Accept,Authorization,Cookie,Last-Event-Id,User-Agent,X-Cometbench-Probe,X-Requested-With"
	const back = "Content-Type,Date,Set-Cookie,X-Cometbench-Echo"
	seen := func(up, down string) *Evidence {
		s := newScript(partProbe).origin(0, measure.Event{Kind: measure.Headers, Sub: 1, Fields: up})
		if down != "" {
			s = s.client(1, measure.Event{Kind: measure.Headers, Status: 200, Fields: down})
		}
		return s.Evidence
	}
	direct := seen(sent, back)
	without := func(list string, names ...string) string {
		return strings.Join(missing(strings.Split(list, ","), names), ",")
	}
	for name, tt := range map[string]struct {
		e       *Evidence
		verdict measure.Verdict
		cause   string
		words   string
	}{
		"all":                      {seen(sent, back), measure.Works, "", "5 of 5"},
		"no cookies":               {seen(without(sent, "Cookie"), without(back, "Set-Cookie")), measure.Degraded, "cookie-dropped", "Set-Cookie"},
		"no Set-Cookie":            {seen(sent, without(back, "Set-Cookie")), measure.Degraded, "cookie-dropped", "down: Set-Cookie"},
		"no credentials":           {seen(without(sent, "Authorization", "Cookie"), back), measure.Degraded, "header-dropped", "up: Authorization, Cookie"},
		"no echo":                  {seen(sent, without(back, "X-Cometbench-Echo")), measure.Degraded, "header-dropped", "down: X-Cometbench-Echo"},
		"others lost":              {seen(without(sent, "User-Agent"), without(back, "Date")), measure.Works, "", "5 of 5"},
		"some added":               {seen(sent+",Via,X-Forwarded-For,Connection", back), measure.Works, "", "added by the path: Via, X-Forwarded-For"},
		"a client that tells none": {seen(sent, ""), measure.Works, "", "5 of 5"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judgeFields(tt.e, direct)
			found(t, f, tt.verdict, tt.cause)
			if !strings.Contains(f.Got, tt.words) {
				t.Errorf("%q does not say %q", f.Got, tt.words)
			}
		})
	}
	// What this client could not send over the direct path was not lost here.
	if f := judgeFields(seen(without(sent, "Cookie"), back), seen(without(sent, "Cookie"), back)); f.Verdict != measure.Works {
		t.Errorf("%s: %s", f.Verdict, f.Got)
	}
	found(t, judgeFields(&Evidence{}, direct), measure.Untested, "")
}

func TestRequests(t *testing.T) {
	once := newScript(partProbe).origin(0, accepted1).client(1, head200)
	twice := newScript(partProbe).origin(0, accepted1).origin(1, accepted2).client(2, head200)
	post := newScript(partPost).origin(0, accepted1)
	for name, tt := range map[string]struct {
		e       *Evidence
		all     int
		verdict measure.Verdict
		cause   string
	}{
		"once":               {inParts(once.Evidence, post.Evidence), 0, measure.Works, ""},
		"twice":              {inParts(twice.Evidence, post.Evidence), 0, measure.Degraded, "request-repeated"},
		"in another trial":   {inParts(once.Evidence, post.Evidence), 3, measure.Degraded, "request-repeated"},
		"it did not arrive":  {newScript(partProbe).Evidence, 0, measure.Untested, ""},
		"refused, and again": {newScript(partProbe).origin(0, measure.Event{Kind: measure.Failed, Sub: 1, Status: 503}).origin(5, accepted2).Evidence, 0, measure.Degraded, "request-repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			c := streamCase
			c.Repeated = tt.all
			found(t, judgeRequests(c, tt.e), tt.verdict, tt.cause)
		})
	}
	if n := twice.Repeated(); n != 1 {
		t.Errorf("%d repeated, want 1", n)
	}
	runs := map[string]*trialRun{
		"steady": {evidence: twice.Evidence}, "failed": {}, "errors": {trial: Trial{Provoking: true}, evidence: newScript("").origin(0, accepted1).origin(1, accepted2).Evidence},
	}
	if n := repeats(runs); n != 1 {
		t.Errorf("%d repeated in the whole cell, want 1", n)
	}
	twice.Asked = 0 // it came back by itself
	if n := repeats(map[string]*trialRun{"steady": {evidence: twice.Evidence}, "failed": {}}); n != 0 {
		t.Errorf("%d repeated of a client that comes back as it likes", n)
	}
}

func TestCrossOriginAnswers(t *testing.T) {
	allow := http.Header{"Access-Control-Allow-Origin": {"*"}, "Content-Type": {"text/plain"}}
	answers := func(preflight, actual int, h http.Header) *Evidence {
		a := &Evidence{Part: partActual, Answer: measure.Answer{Status: actual, Header: h}}
		p := &Evidence{Part: partPreflight, Answer: measure.Answer{Status: preflight, Header: h}}
		return inParts(a, p)
	}
	control := answers(204, 200, allow)
	for name, tt := range map[string]struct {
		e       *Evidence
		verdict measure.Verdict
		cause   string
	}{
		"as they were":        {answers(204, 200, allow), measure.Works, ""},
		"preflight refused":   {answers(405, 200, allow), measure.Broken, "error-page"},
		"fields lost":         {answers(204, 200, http.Header{"Content-Type": {"text/plain"}}), measure.Broken, "header-dropped"},
		"another origin said": {answers(204, 200, http.Header{"Access-Control-Allow-Origin": {"https://elsewhere"}}), measure.Broken, "header-dropped"},
		"no answer":           {answers(0, 0, nil), measure.Untested, ""},
	} {
		t.Run(name, func(t *testing.T) { found(t, judgeCrossOrigin(tt.e, control), tt.verdict, tt.cause) })
	}
	found(t, judgeCrossOrigin(control, nil), measure.Works, "")
}

func TestUpgradeInEachDirection(t *testing.T) {
	up := measure.Event{Kind: measure.Write, Bytes: 20}
	came := measure.Event{Kind: measure.Received, Bytes: 20}
	begun := func() script {
		return newScript(wayReverse).origin(0, accepted1).client(1, head101).client(2, up).released(1500)
	}
	ended := measure.Event{Kind: measure.End, Note: "terminated", EndKind: measure.EndClean}
	for name, tt := range map[string]struct {
		e     script
		cause string
	}{
		"both":                          {begun().origin(3, came).client(3, helloSeen).client(1510, ended), ""},
		"none up":                       {begun().client(3, helloSeen).client(1510, ended), "upgrade-one-way"},
		"none down":                     {begun().origin(3, came), "upgrade-one-way"},
		"none at all":                   {begun(), "upgrade-mute"},
		"killed before any came":        {begun().origin(3, came).client(200, measure.Event{Kind: measure.End, EndKind: measure.EndFIN}), "upgrade-killed"},
		"killed before it could arrive": {begun().client(3, helloSeen).client(100, measure.Event{Kind: measure.End, EndKind: measure.EndFIN}), ""},
		"a client that sends nothing":   {newScript(wayReverse).origin(0, accepted1).client(1, head101).client(3, helloSeen), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, failed := openingFailure(socketCase, tt.e.Evidence)
			if d.cause != tt.cause || failed != (tt.cause != "") {
				t.Errorf("%q (%s), want %q", d.cause, d.got, tt.cause)
			}
		})
	}
}

func TestUpgradeByWays(t *testing.T) {
	works := func(way string) *Evidence {
		return newScript(way).origin(0, accepted1).origin(3, measure.Event{Kind: measure.Received}).
			client(1, head101).client(2, measure.Event{Kind: measure.Write}).client(3, helloSeen).released(900).Evidence
	}
	refused := newScript(wayGet).client(1, measure.Event{Kind: measure.Headers, Status: 403}).Evidence
	refused.Attached = false
	killed := newScript(wayConnect).origin(0, accepted1).client(1, head101).client(2, helloSeen).client(200, measure.Event{Kind: measure.End, EndKind: measure.EndRST}).released(900).Evidence
	judge := func(ways ...*Evidence) Finding {
		c := socketCase
		c.Evidence = map[string]*Evidence{upgradeName: inParts(ways...)}
		return judgeUpgrade(c)
	}
	found(t, judge(works(wayReverse)), measure.Works, "")
	found(t, judge(refused, works(wayConnect)), measure.Degraded, "upgrade-refused")
	f := judge(refused, killed)
	found(t, f, measure.Broken, "upgrade-refused")
	if f.Values["refused_status"] != 403 || f.Values["killed_after_ms"] != 200 || f.Values["ways_working"] != 0 || f.Values["ways"] != 2 {
		t.Errorf("%v", f.Values)
	}
	if !strings.Contains(f.Got, "by GET of the absolute URI: refused") || !strings.Contains(f.Got, "through CONNECT: killed") {
		t.Error(f.Got)
	}
}

func TestErrorsVisible(t *testing.T) {
	refusedAs := func(how string, status int) script {
		return newScript(how).origin(0, measure.Event{Kind: measure.Failed, Sub: 1, Status: status}).
			client(2, measure.Event{Kind: measure.Headers, Status: status}).client(3, measure.Event{Kind: measure.End, EndKind: measure.EndStatus})
	}
	cut := func(kind measure.EndKind) script {
		return newScript("cut").origin(0, accepted1).origin(10, measure.Event{Kind: measure.End, Note: "cut"}).
			client(1, head200).client(15, measure.Event{Kind: measure.End, EndKind: kind})
	}
	closed := newScript("close").origin(0, measure.Event{Kind: measure.Failed, Sub: 1}).client(2, measure.Event{Kind: measure.Failed, Note: "EOF"})
	never := newScript("cut").origin(0, accepted1).origin(10, measure.Event{Kind: measure.End, Note: "cut"}).client(1, head200)
	otherStatus := newScript("502").origin(0, measure.Event{Kind: measure.Failed, Sub: 1, Status: 502}).
		client(2, measure.Event{Kind: measure.Headers, Status: 503}).client(3, measure.Event{Kind: measure.End, EndKind: measure.EndStatus})
	stripped := newScript("403").origin(0, measure.Event{Kind: measure.Failed, Sub: 1, Status: 426}).client(2, measure.Event{Kind: measure.Headers, Status: 426})
	for name, tt := range map[string]struct {
		parts   []script
		verdict measure.Verdict
		cause   string
	}{
		"all are told":               {[]script{refusedAs("403", 403), refusedAs("502", 502), closed, cut(measure.EndFIN)}, measure.Works, ""},
		"a cut that looks sound":     {[]script{refusedAs("403", 403), refusedAs("502", 502), closed, cut(measure.EndClean)}, measure.Degraded, "truncated"},
		"a cut that nobody tells":    {[]script{refusedAs("403", 403), refusedAs("502", 502), closed, never}, measure.Broken, "half-open"},
		"another status":             {[]script{refusedAs("403", 403), otherStatus, closed, cut(measure.EndFIN)}, measure.Degraded, "error-page"},
		"nothing reached the origin": {[]script{stripped, newScript("502"), newScript("close"), newScript("cut")}, measure.Untested, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []*Evidence
			for _, s := range tt.parts {
				parts = append(parts, s.Evidence)
			}
			c := streamCase
			c.Evidence = map[string]*Evidence{errorsName: inParts(parts...)}
			found(t, judgeErrors(c), tt.verdict, tt.cause)
		})
	}
}

func TestCertificates(t *testing.T) {
	shown := func(cert string, forward bool) *Evidence {
		s := newScript("steady").origin(0, accepted1).client(1, measure.Event{Kind: measure.Headers, Status: 200, Cert: cert}).client(2, helloSeen)
		s.Forward = forward
		return s.Evidence
	}
	c := streamCase
	c.Control = map[string]*Evidence{steadyName: shown("aaaa", false)}
	found(t, judgeOpening(c, shown("aaaa", true)), measure.Works, "")
	found(t, judgeOpening(c, shown("bbbb", true)), measure.Degraded, "tls-intercepted")
	found(t, judgeOpening(c, shown("bbbb", false)), measure.Works, "") // a reverse proxy ends TLS, that is its trade
	found(t, judgeOpening(c, shown("", true)), measure.Works, "")
	refused := newScript("steady").client(1, measure.Event{Kind: measure.Failed, Cert: "bbbb", Note: "x509: unknown authority"})
	refused.Attached, refused.Forward = false, true
	found(t, judgeOpening(c, refused.Evidence), measure.Broken, "tls-intercepted")
	refused.Forward = false
	found(t, judgeOpening(c, refused.Evidence), measure.Broken, "unknown")
}

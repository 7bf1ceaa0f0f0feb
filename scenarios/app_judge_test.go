package scenarios

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// appPlay is an exchange with an application, as the gateway and the client
// have seen it. Times count from the request; the answer ends at ends, unless
// that is 0.
type appPlay struct {
	sent    []time.Duration
	ends    time.Duration
	path    pathModel
	arrives time.Duration // the client's end, 0 is right behind the application's
	kind    measure.EndKind
	mark    string // the end mark, if it arrived
	left    time.Duration
	release time.Duration
	record  func([]measure.Event) []measure.Event // changes what the gateway saw
	client  func([]measure.Event) []measure.Event // and what the client saw
}

const msec = time.Millisecond

// every is count times, the first at first, then one every gap.
func every(gap time.Duration, count int, first time.Duration) []time.Duration {
	var out []time.Duration
	for i := range count {
		out = append(out, first+time.Duration(i)*gap)
	}
	return out
}

func (p appPlay) evidence() *Evidence {
	start := time.Now().Truncate(time.Microsecond)
	us := func(d time.Duration) int64 { return start.Add(d).UnixMicro() }
	e := &Evidence{Trial: appName, Started: start, Ready: start}
	record := []measure.Event{{Kind: measure.Headers, T: us(1 * msec), Sub: 1, Conn: 1, HTTP: "1.1", Method: "GET", Status: 200}}
	client := []measure.Event{{Kind: measure.Dial, T: us(0)}, {Kind: measure.Headers, Status: 200, T: us(2 * msec)}}
	path := p.path
	if path == nil {
		path = prompt
	}
	end := p.ends
	if p.release > 0 {
		end = p.release
		e.Released = start.Add(p.release)
	}
	for i, at := range p.sent {
		sum := "sum" + strconv.Itoa(i)
		n := int64(i + 1)
		record = append(record, measure.Event{Kind: measure.Write, ID: strconv.Itoa(i + 1), T: us(at), Bytes: 44, Sum: sum, Sub: 1, Seq: &n})
		if got, ok := path(i, at, p.sent, 44, end); ok {
			client = append(client, measure.Event{Kind: measure.Received, ID: strconv.Itoa(len(client)), T: us(got), Bytes: 44, Sum: sum, Seq: &n})
		}
	}
	if p.ends > 0 {
		record = append(record, measure.Event{Kind: measure.End, Sub: 1, T: us(p.ends), EndKind: measure.EndClean, Note: p.mark})
	}
	if p.left > 0 {
		e.Left = start.Add(p.left)
	}
	if arrives := p.arrives; arrives >= 0 && (arrives > 0 || p.ends > 0) {
		if arrives == 0 {
			arrives = p.ends + 6*msec
		}
		kind := p.kind
		if kind == "" {
			kind = measure.EndClean
		}
		client = append(client, measure.Event{Kind: measure.End, T: us(arrives), EndKind: kind, Note: p.mark})
	}
	if p.record != nil {
		record = p.record(record)
	}
	if p.client != nil {
		client = p.client(client)
	}
	e.Client = client
	e.hold(record, false)
	return e
}

// first n of what was sent arrive.
func only(n int) pathModel {
	return func(i int, sent time.Duration, all []time.Duration, size int, end time.Duration) (time.Duration, bool) {
		return sent + 2*msec, i < n
	}
}

// answering changes the status of the application's answer.
func answering(status int, note string) func([]measure.Event) []measure.Event {
	return func(record []measure.Event) []measure.Event {
		record[0].Status, record[0].Note = status, note
		return append(record[:1], measure.Event{Kind: measure.Failed, Sub: 1, Status: status, T: record[0].T}, measure.Event{Kind: measure.End, Sub: 1, T: record[0].T, EndKind: measure.EndClean})
	}
}

// given changes what status the client was given.
func given(status int) func([]measure.Event) []measure.Event {
	return func(client []measure.Event) []measure.Event {
		client[1].Status = status
		return append(client[:2], measure.Event{Kind: measure.Failed, Status: status, T: client[1].T, Note: "status"}, measure.Event{Kind: measure.End, T: client[1].T, EndKind: measure.EndStatus})
	}
}

func broken(note string) measure.Event {
	return measure.Event{Kind: measure.Failed, Note: note}
}

// TestAppVerdicts judges exchanges whose truth is known.
func TestAppVerdicts(t *testing.T) {
	stream := every(200*msec, 12, 50*msec) // up to 2.25 s
	const over = 2300 * msec
	silent := []time.Duration{0, 200 * msec, 400 * msec, 3000 * msec, 3200 * msec}
	type want struct {
		check   string
		verdict measure.Verdict
		cause   string
	}
	works := func(checks ...string) (out []want) {
		for _, c := range checks {
			out = append(out, want{c, measure.Works, ""})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		play appPlay
		spec app.Spec
		want []want
	}{
		{"sound", appPlay{sent: stream, ends: over}, app.Spec{Sequence: "/n"}, works("opening/connect", "delivery/first", "delivery/steady", "delivery/gaps", "delivery/order", "ending/truncated")},
		{"sound, and goes on", appPlay{sent: stream, release: 5 * time.Second, arrives: 5 * time.Second, kind: measure.EndFIN}, app.Spec{}, append(works("delivery/steady"), want{"ending/truncated", measure.Untested, ""})},
		{"until close", appPlay{sent: stream, ends: over, path: untilClose}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}, {"delivery/first", measure.Broken, "buffered"}, {"delivery/gaps", measure.Broken, "buffered"}, {"ending/truncated", measure.Works, ""}}},
		{"until close, a short answer", appPlay{sent: every(30*msec, 5, 10*msec), ends: 150 * msec, path: untilClose}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}}},
		{"until close, two messages", appPlay{sent: every(150*msec, 2, 10*msec), ends: 170 * msec, path: untilClose}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}}},
		{"until close, one message", appPlay{sent: every(0, 1, 10*msec), ends: 170 * msec, path: untilClose}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}}},
		{"one message, then the end later", appPlay{sent: every(0, 1, 10*msec), ends: 500 * msec}, app.Spec{}, works("delivery/steady")},
		{"in one piece", appPlay{sent: every(1*msec, 12, 10*msec), ends: 30 * msec}, app.Spec{}, []want{{"delivery/steady", measure.Untested, ""}, {"delivery/first", measure.Untested, ""}, {"delivery/gaps", measure.Untested, ""}}},
		{"one message and the end", appPlay{sent: every(0, 1, 10*msec), ends: 11 * msec}, app.Spec{}, []want{{"delivery/steady", measure.Untested, ""}}},
		{"no message", appPlay{ends: 11 * msec}, app.Spec{}, []want{{"delivery/steady", measure.Untested, ""}}},
		{"until close, compressed on the way", appPlay{sent: stream, ends: over, path: untilClose, client: encoded}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "compression"}}},
		{"until close, compressed by the application", appPlay{sent: stream, ends: over, path: untilClose, client: encoded, record: encoded}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}}},
		{"held until the next", appPlay{sent: stream, ends: over, path: oneBehind}, app.Spec{}, []want{{"delivery/steady", measure.Degraded, "hold-last"}}},
		{"slow by as much as messages are apart", appPlay{sent: stream, ends: over, path: slow(200 * msec), arrives: over + 205*msec}, app.Spec{}, works("delivery/steady")},
		{"blocks of 4096 bytes", appPlay{sent: every(50*msec, 200, 0), ends: 11 * time.Second, path: untilBytes(4096)}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffer-until-bytes"}}},
		{"all at once at some time", appPlay{sent: every(50*msec, 80, 0), release: 9 * time.Second, path: scanned(4500 * msec), arrives: 9 * time.Second, kind: measure.EndFIN}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "buffered"}}},

		{"cut by the path, and it left the application at once", appPlay{sent: stream[:6], arrives: 1200 * msec, kind: measure.EndFIN}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "max-duration"}}},
		{"cut so that it looks like an end", appPlay{sent: stream[:6], arrives: 1200 * msec}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "truncated"}}},
		{"cut so, and the application went on", appPlay{sent: stream, ends: over, path: only(6), arrives: 1200 * msec}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "truncated"}, {"delivery/steady", measure.Broken, "truncated"}}},
		{"cut in a message", appPlay{sent: stream[:6], path: only(5), arrives: 1200 * msec, kind: measure.EndFIN, client: func(c []measure.Event) []measure.Event {
			return append(c, broken(clients.BrokenOff), broken(clients.ErrUnfinished.Error()+", after 9 bytes"))
		}}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "max-bytes"}, {"delivery/steady", measure.Broken, "max-bytes"}}},
		{"cut in a silence", appPlay{sent: silent[:3], arrives: 1400 * msec, kind: measure.EndFIN}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "idle-timeout"}}},
		{"cut after a silence that it bore", appPlay{sent: silent, arrives: 4200 * msec, kind: measure.EndFIN}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "max-duration"}}},
		{"cut in a silence without a word", appPlay{sent: silent[:3], arrives: -1, left: 9 * time.Second, release: 6 * time.Second, record: func(r []measure.Event) []measure.Event {
			return append(r, measure.Event{Kind: measure.AbortNoticed, Sub: 1, T: r[0].T + 1_400_000})
		}}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "half-open"}}},
		{"the end is not told", appPlay{sent: stream, ends: over, arrives: -1, left: 9 * time.Second}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "half-open"}, {"delivery/steady", measure.Works, ""}}},
		{"nobody waited for the end", appPlay{sent: stream, ends: over, arrives: -1, left: over + 100*msec}, app.Spec{Expect: app.Expect{Messages: 12}}, works("ending/truncated")},
		{"passes nothing", appPlay{sent: stream, ends: over, path: only(0), arrives: -1, left: 9 * time.Second}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "half-open"}, {"delivery/gaps", measure.Broken, "half-open"}, {"delivery/silence", measure.Untested, ""}}},
		{"stops passing on", appPlay{sent: stream, ends: over, path: only(4), arrives: -1, left: 9 * time.Second}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "half-open"}}},

		{"with its end mark", appPlay{sent: stream, ends: over, mark: "[DONE]"}, app.Spec{End: "[DONE]"}, works("ending/truncated")},
		{"the mark was cut off", appPlay{sent: stream, ends: over, record: func(r []measure.Event) []measure.Event { r[len(r)-1].Note = "[DONE]"; return r }}, app.Spec{End: "[DONE]"}, []want{{"ending/truncated", measure.Broken, "truncated"}}},
		{"the application forgot its mark", appPlay{sent: stream, ends: over}, app.Spec{End: "[DONE]"}, []want{{"ending/truncated", measure.Broken, "unknown"}}},
		{"the application cut itself", appPlay{sent: stream, ends: over, kind: measure.EndFIN, record: func(r []measure.Event) []measure.Event {
			r[len(r)-1].EndKind = measure.EndFIN
			return append(r, broken(clients.BrokenOff))
		}}, app.Spec{}, []want{{"ending/truncated", measure.Broken, "truncated"}}},
		{"fewer than expected", appPlay{sent: stream, ends: over}, app.Spec{Expect: app.Expect{Messages: 13}}, []want{{"ending/truncated", measure.Broken, "unknown"}}},

		{"a message is lost", appPlay{sent: stream, ends: over, client: func(c []measure.Event) []measure.Event { return append(c[:5], c[6:]...) }}, app.Spec{Sequence: "/n"}, []want{{"delivery/steady", measure.Broken, "corrupted"}, {"delivery/order", measure.Broken, "corrupted"}, {"ending/truncated", measure.Works, ""}}},
		{"a message is altered", appPlay{sent: stream, ends: over, client: func(c []measure.Event) []measure.Event { c[5].Sum = "other"; return c }}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "corrupted"}}},
		{"two messages change places", appPlay{sent: stream, ends: over, client: func(c []measure.Event) []measure.Event {
			c[5].Sum, c[6].Sum, c[5].Seq, c[6].Seq = c[6].Sum, c[5].Sum, c[6].Seq, c[5].Seq
			return c
		}}, app.Spec{Sequence: "/n"}, []want{{"delivery/steady", measure.Broken, "corrupted"}, {"delivery/order", measure.Broken, "corrupted"}}},
		{"a message of the path's own at the end", appPlay{sent: stream, ends: over, client: func(c []measure.Event) []measure.Event {
			end := c[len(c)-1]
			return append(c[:len(c)-1], measure.Event{Kind: measure.Received, T: end.T, Bytes: 9, Sum: "advertisement"}, end)
		}}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "corrupted"}}},
		{"a piece of the path's own between messages", appPlay{sent: stream, ends: over, client: func(c []measure.Event) []measure.Event {
			return append(c, measure.Event{Kind: measure.Failed, Bytes: 9, Note: "not JSON: <!-- ad -->"})
		}}, app.Spec{}, []want{{"delivery/steady", measure.Broken, "corrupted"}}},
		{"the application talks nonsense in between", appPlay{sent: stream, ends: over, client: nonsense, record: nonsense}, app.Spec{}, works("delivery/steady", "opening/connect")},
		{"the application counts as it likes", appPlay{sent: stream, ends: over, record: numbered(1, 2, 4, 3, 5, 5, 6, 8, 9, 10, 11, 12), client: numbered(1, 2, 4, 3, 5, 5, 6, 8, 9, 10, 11, 12)}, app.Spec{Sequence: "/n"}, []want{{"delivery/order", measure.Broken, "unknown"}, {"delivery/steady", measure.Works, ""}}},

		{"refused for want of a cookie", appPlay{record: answering(401, "without Cookie"), client: given(401)}, app.Spec{}, []want{{"opening/connect", measure.Broken, "cookie-dropped"}, {"delivery/steady", measure.Broken, "cookie-dropped"}, {"ending/truncated", measure.Untested, ""}}},
		{"refused for want of credentials", appPlay{record: answering(401, "without Authorization"), client: given(401)}, app.Spec{}, []want{{"opening/connect", measure.Broken, "header-dropped"}, {"delivery/first", measure.Broken, "header-dropped"}}},
		{"refused by the application", appPlay{record: answering(400, ""), client: given(400)}, app.Spec{}, []want{{"opening/connect", measure.Broken, "unknown"}}},
		{"refused by the path", appPlay{record: func([]measure.Event) []measure.Event { return nil }, client: given(403)}, app.Spec{}, []want{{"opening/connect", measure.Broken, "error-page"}}},
		{"the path lost patience", appPlay{record: func(r []measure.Event) []measure.Event { r[0].Status = 0; return r[:1] }, client: given(504)}, app.Spec{}, []want{{"opening/connect", measure.Broken, "first-byte-timeout"}}},
		{"asked twice", appPlay{sent: stream, ends: over, record: func(r []measure.Event) []measure.Event {
			again := r[0]
			again.Sub = 1
			first := r[0]
			first.Sub = 9
			return append([]measure.Event{first}, r...)
		}}, app.Spec{}, []want{{"opening/connect", measure.Degraded, "request-repeated"}, {"delivery/steady", measure.Works, ""}}},
		{"the application is slow", appPlay{sent: every(200*msec, 3, 3*time.Second), ends: 4 * time.Second}, app.Spec{Expect: app.Expect{FirstWithin: app.Duration(2 * time.Second)}}, []want{{"delivery/first", measure.Broken, "origin-slow"}, {"delivery/steady", measure.Works, ""}}},
		{"the application pauses", appPlay{sent: silent, ends: 3300 * msec}, app.Spec{Expect: app.Expect{GapWithin: app.Duration(time.Second)}}, []want{{"delivery/gaps", measure.Broken, "origin-slow"}, {"delivery/silence", measure.Works, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := tt.play.evidence()
			spec := tt.spec
			spec.URL = "http://127.0.0.1/"
			if err := spec.Check(); err != nil {
				t.Fatal(err)
			}
			c := Case{Technique: measure.App(""), Limits: measure.NewThresholds(0, 0), App: &spec, Evidence: map[string]*Evidence{appName: e}}
			for _, w := range tt.want {
				f := judgeOf(t, w.check)(c)
				if f.Verdict != w.verdict || f.Cause != w.cause {
					t.Errorf("%s: %s because %q (%s), want %s because %q", w.check, f.Verdict, f.Cause, f.Got, w.verdict, w.cause)
				}
				if _, known := measure.CauseByID(f.Cause); f.Cause != "" && !known {
					t.Errorf("%s: cause %q is in no table", w.check, f.Cause)
				}
			}
		})
	}
}

func judgeOf(t *testing.T, id string) func(Case) Finding {
	t.Helper()
	for _, c := range ChecksOfApplication() {
		if c.ID == id {
			return c.Judge
		}
	}
	t.Fatalf("no check %s", id)
	return nil
}

func encoded(events []measure.Event) []measure.Event {
	for i := range events {
		if events[i].Kind == measure.Headers {
			events[i].Encoding = "gzip"
		}
	}
	return events
}

func nonsense(events []measure.Event) []measure.Event {
	return append(events, measure.Event{Kind: measure.Failed, Sub: 1, Bytes: 4, Note: "not JSON: oops"})
}

// numbered gives messages these numbers.
func numbered(numbers ...int64) func([]measure.Event) []measure.Event {
	return func(events []measure.Event) []measure.Event {
		i := 0
		for k := range events {
			if e := &events[k]; e.Kind == measure.Write || e.Kind == measure.Received {
				e.Seq = &numbers[i]
				i++
			}
		}
		return events
	}
}

// TestAppVerdictsNeedNoLuck: a verdict on a sound path does not depend on how
// messages happen to be spaced.
func TestAppVerdictsNeedNoLuck(t *testing.T) {
	c := Case{Technique: measure.App(""), Limits: measure.NewThresholds(0, 0), App: &app.Spec{}}
	for gap := 1 * msec; gap < 3*time.Second; gap = gap * 5 / 4 {
		for _, n := range []int{2, 3, 5, 40} {
			for name, path := range map[string]pathModel{"prompt": prompt, "slow by 100 ms": slow(100 * msec), "slow by 240 ms": slow(240 * msec)} {
				p := appPlay{sent: every(gap, n, 20*msec), path: path}
				p.ends = p.sent[n-1] + msec
				last, _ := path(n-1, p.sent[n-1], nil, 0, 0)
				p.arrives = last + msec
				c.Evidence = map[string]*Evidence{appName: p.evidence()}
				f := judgeOf(t, "delivery/steady")(c)
				if f.Verdict != measure.Works && f.Verdict != measure.Untested {
					t.Errorf("%d messages every %s, %s: %s because %q (%s)", n, gap, name, f.Verdict, f.Cause, f.Got)
				}
				if want := fmt.Sprint(f.Verdict); name == "prompt" && time.Duration(n-1)*gap > leastSpread && want != "works" {
					t.Errorf("%d messages every %s: %s (%s)", n, gap, f.Verdict, f.Got)
				}
			}
		}
	}
}

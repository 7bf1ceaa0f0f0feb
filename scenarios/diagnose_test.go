package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// path says when a message that was sent at `sent` (number i) reaches the
// client; ok is false when it never does. release is when the origin ends.
type pathModel func(i int, sent time.Duration, all []time.Duration, size int, release time.Duration) (at time.Duration, ok bool)

func prompt(_ int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
	return sent + 2*time.Millisecond, true
}

func untilClose(_ int, _ time.Duration, _ []time.Duration, _ int, release time.Duration) (time.Duration, bool) {
	return release + 5*time.Millisecond, true
}

func untilBytes(block int) pathModel {
	return func(i int, _ time.Duration, all []time.Duration, size int, release time.Duration) (time.Duration, bool) {
		perBlock := (block + size - 1) / size
		last := (i/perBlock+1)*perBlock - 1
		if last >= len(all) {
			return release + 5*time.Millisecond, true
		}
		return all[last] + 2*time.Millisecond, true
	}
}

// untilBytesSplit lets go of whole blocks, so that the message which fills one
// is cut and comes whole with the next.
func untilBytesSplit(block int) pathModel {
	return func(i int, _ time.Duration, all []time.Duration, size int, release time.Duration) (time.Duration, bool) {
		end := (i + 1) * size
		opener := ((end+block-1)/block*block+size-1)/size - 1 // the message that fills the block in which i ends
		if opener >= len(all) {
			return release + 5*time.Millisecond, true
		}
		return all[opener] + 2*time.Millisecond, true
	}
}

func timer(every time.Duration) pathModel {
	return func(_ int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		return (sent/every+1)*every + 2*time.Millisecond, true
	}
}

func oneBehind(i int, _ time.Duration, all []time.Duration, _ int, release time.Duration) (time.Duration, bool) {
	if i+1 == len(all) {
		return release + 5*time.Millisecond, true
	}
	return all[i+1] + 2*time.Millisecond, true
}

func scanned(until time.Duration) pathModel {
	return func(_ int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		return max(sent, until) + 2*time.Millisecond, true
	}
}

// scannedBusily is scanned on a busy machine: of ten messages two wait for the
// next.
func scannedBusily(until time.Duration) pathModel {
	return func(i int, sent time.Duration, all []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		if i%10 == 7 && i+1 < len(all) {
			sent = all[i+1]
		}
		return max(sent, until) + 2*time.Millisecond, true
	}
}

func slow(by time.Duration) pathModel {
	return func(_ int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		return sent + by, true
	}
}

// narrow passes so many bytes a second.
func narrow(rate int) pathModel {
	return func(i int, _ time.Duration, all []time.Duration, size int, _ time.Duration) (time.Duration, bool) {
		each := time.Duration(size) * time.Second / time.Duration(rate)
		var at time.Duration
		for _, sent := range all[:i+1] {
			at = max(at, sent) + each
		}
		return at, true
	}
}

// evidence plays a schedule through a path.
func evidence(count int, spacing time.Duration, size int, path pathModel) *Evidence {
	start := time.Now()
	e := &Evidence{Started: start, Attached: true}
	us := func(d time.Duration) int64 { return start.Add(d).UnixMicro() }
	e.Origin = append(e.Origin, measure.Event{Kind: measure.Headers, T: us(0), Sub: 1, Conn: 1, HTTP: "1.1"})
	e.Client = append(e.Client, measure.Event{Kind: measure.Headers, Status: 200, T: us(0)}, measure.Event{Kind: measure.Prelude, T: us(0)})
	var all []time.Duration
	for i := range count {
		all = append(all, time.Duration(i+1)*spacing)
	}
	release := all[count-1] + 2*time.Second
	for i, sent := range all {
		id := fmt.Sprintf("e-%d", i+1)
		e.Sent = append(e.Sent, Sent{ID: id, Due: start.Add(sent), Bytes: size})
		e.Origin = append(e.Origin, measure.Event{Kind: measure.Write, ID: id, T: us(sent + time.Millisecond), Bytes: size})
		if at, ok := path(i, sent, all, size, release); ok {
			e.Client = append(e.Client, measure.Event{Kind: measure.Received, ID: id, T: us(at), Bytes: size})
		}
	}
	e.Released = start.Add(release)
	e.Origin = append(e.Origin, measure.Event{Kind: measure.End, Note: "terminated", T: us(release)})
	e.Client = append(e.Client, measure.Event{Kind: measure.End, Note: "terminated", EndKind: measure.EndClean, T: us(release + 10*time.Millisecond)})
	return e
}

func TestDelaysNameTheirCause(t *testing.T) {
	ms := time.Millisecond
	steady := func(p pathModel) *Evidence { return evidence(steadyCount, steadySpacing, 110, p) }
	burst := func(p pathModel) *Evidence { return evidence(80, burstSpacing, 4200, p) }
	for _, tt := range []struct {
		name    string
		e       *Evidence
		verdict measure.Verdict
		cause   string
	}{
		{"prompt", steady(prompt), measure.Works, ""},
		{"prompt, large", burst(prompt), measure.Works, ""},
		{"until close, few bytes", steady(untilClose), measure.Broken, "buffered"},
		{"until close, 256 KB and more", burst(untilClose), measure.Broken, "buffer-until-close"},
		{"a block of 600 bytes", steady(untilBytes(600)), measure.Broken, "buffer-until-bytes"},
		{"a block of 36 KB", burst(untilBytes(36000)), measure.Broken, "buffer-until-bytes"},
		{"a block that cuts messages in two", steady(untilBytesSplit(480)), measure.Broken, "buffer-until-bytes"},
		{"a timer of 1 s", steady(timer(1000 * ms)), measure.Degraded, "hold-timer"},
		{"a timer of 3 s", steady(timer(3000 * ms)), measure.Broken, "hold-timer"},
		{"a timer of 200 ms is within the limit", steady(timer(200 * ms)), measure.Works, ""},
		{"one message behind", steady(oneBehind), measure.Broken, "hold-last"},
		{"scanned for a second, then released", steady(scanned(1000 * ms)), measure.Degraded, "scan"},
		{"scanned, large, on a busy machine", burst(scannedBusily(350 * ms)), measure.Degraded, "scan"},
		{"a timer of 300 ms, large", burst(timer(300 * ms)), measure.Degraded, "hold-timer"},
		{"slow but even", steady(slow(600 * ms)), measure.Degraded, "unknown"},
		{"slow but even, large", burst(slow(600 * ms)), measure.Degraded, "unknown"},
		{"large messages over little bandwidth", evidence(5, steadySpacing, 16000, narrow(20000)), measure.Broken, "unknown"},
		{"slower than the trial waits", steady(slow(3000 * ms)), measure.Broken, "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Case{Technique: measure.Technique{Name: "eventsource", Class: measure.ClassStream}, Limits: measure.NewThresholds(0, 0)}
			f := judgeDelivery(c, tt.e, false)
			if f.Verdict != tt.verdict || f.Cause != tt.cause {
				t.Errorf("%s because %q (%s), want %s because %q", f.Verdict, f.Cause, f.Got, tt.verdict, tt.cause)
			}
		})
	}
}

func TestHeldBytes(t *testing.T) {
	if got := heldBytes(evidence(10, time.Second, 100, untilClose).Arrivals()); got != 1000 {
		t.Errorf("all held: %d bytes, want 1000", got)
	}
	if got := heldBytes(evidence(10, time.Second, 100, prompt).Arrivals()); got != 100 {
		t.Errorf("none held: %d bytes, want one message of 100", got)
	}
	never := func(int, time.Duration, []time.Duration, int, time.Duration) (time.Duration, bool) { return 0, false }
	if got := heldBytes(evidence(10, time.Second, 100, never).Arrivals()); got != 1000 {
		t.Errorf("none arrived: %d bytes, want 1000", got)
	}
}

func TestLossDoublingDisorder(t *testing.T) {
	c := Case{Technique: measure.Technique{Name: "eventsource", Class: measure.ClassStream}, Limits: measure.NewThresholds(0, 0)}
	base := func() *Evidence { return evidence(10, 300*time.Millisecond, 100, prompt) }

	lost := base()
	lost.Client = append(lost.Client[:5:5], lost.Client[6:]...)
	if f := judgeDelivery(c, lost, false); f.Verdict != measure.Broken || f.Cause != "corrupted" || f.Values["lost"] != 1 {
		t.Errorf("one lost: %+v", f)
	}
	double := base()
	double.Client = append(double.Client, double.Client[4])
	if f := judgeDelivery(c, double, false); f.Verdict != measure.Broken || f.Cause != "corrupted" || f.Values["duplicated"] != 1 {
		t.Errorf("one doubled: %+v", f)
	}
	altered := base()
	for i := range altered.Sent {
		altered.Sent[i].Sum = "0a0b0c0d"
	}
	for i := range altered.Client {
		altered.Client[i].Sum = "0a0b0c0d"
	}
	altered.Client[6].Sum = "ffffffff"
	if f := judgeDelivery(c, altered, false); f.Verdict != measure.Broken || f.Cause != "corrupted" || f.Values["altered"] != 1 {
		t.Errorf("one altered: %+v", f)
	}
	swapped := base()
	swapped.Client[3], swapped.Client[4] = swapped.Client[4], swapped.Client[3]
	if f := judgeDelivery(c, swapped, false); f.Verdict != measure.Broken || f.Values["reordered"] != 1 {
		t.Errorf("two swapped: %+v", f)
	}
}

// cutAt plays a steady stream that the path ends after some messages.
func cutAt(after int, kind measure.EndKind) *Evidence {
	e := evidence(10, 300*time.Millisecond, 100, func(i int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		return sent + time.Millisecond, i < after
	})
	end := len(e.Client) - 1
	e.Client[end] = measure.Event{Kind: measure.End, EndKind: kind, T: e.Client[end-1].T + 10_000}
	return e
}

func TestCuts(t *testing.T) {
	stream := measure.Technique{Name: "eventsource", Class: measure.ClassStream}
	socket := measure.Technique{Name: "websocket", Class: measure.ClassSocket}
	for _, tt := range []struct {
		name  string
		tech  measure.Technique
		e     *Evidence
		burst bool
		cause string
	}{
		{"cut in mid-stream", stream, cutAt(7, measure.EndRST), false, "max-duration"},
		{"ended as if it were over", stream, cutAt(7, measure.EndClean), false, "truncated"},
		{"cut in a burst", stream, cutAt(7, measure.EndFIN), true, "max-bytes"},
		{"a socket killed early", socket, cutAt(2, measure.EndFIN), false, "upgrade-killed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := judgeDelivery(Case{Technique: tt.tech, Limits: measure.NewThresholds(0, 0)}, tt.e, tt.burst)
			if f.Verdict != measure.Broken || f.Cause != tt.cause || f.EndedBy != "proxy" {
				t.Errorf("%s because %q, ended by %s (%s); want broken because %q by the proxy", f.Verdict, f.Cause, f.EndedBy, f.Got, tt.cause)
			}
		})
	}
}

func TestOpenings(t *testing.T) {
	stream := measure.Technique{Name: "eventsource", Class: measure.ClassStream}
	socket := measure.Technique{Name: "websocket", Class: measure.ClassSocket}
	head := func(status int) []measure.Event { return []measure.Event{{Kind: measure.Headers, Status: status}} }
	asked := []measure.Event{{Kind: measure.Headers, Sub: 1}}
	for _, tt := range []struct {
		name           string
		tech           measure.Technique
		client, origin []measure.Event
		attached       bool
		cause          string
	}{
		{"an error page", stream, head(502), nil, false, "error-page"},
		{"a page with status 200 that is not the origin's", stream, append(head(200), ended(measure.EndClean)), nil, false, "error-page"},
		{"the head of one, and nothing more", stream, head(200), nil, false, "half-open"},
		{"credentials wanted", stream, head(407), nil, false, "auth-required"},
		{"nothing at all", stream, nil, nil, false, "half-open"},
		{"accepted, and nothing comes back", stream, nil, asked, true, "half-open"},
		{"head only: a matter of delivery", stream, head(200), asked, true, ""},
		{"refused upgrade", socket, head(403), nil, false, "upgrade-refused"},
		{"stripped upgrade", socket, head(426), asked, false, "upgrade-stripped"},
		{"mute socket", socket, head(101), asked, true, "upgrade-mute"},
		{"open socket", socket, append(head(101), measure.Event{Kind: measure.Prelude}), asked, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &Evidence{Client: tt.client, Origin: tt.origin, Attached: tt.attached, Left: time.Now()}
			d, failed := openingFailure(Case{Technique: tt.tech}, e)
			if d.cause != tt.cause || failed != (tt.cause != "") {
				t.Errorf("cause %q (%s), want %q", d.cause, d.got, tt.cause)
			}
		})
	}
}

// late puts a latency behind another path.
func late(by time.Duration, path pathModel) pathModel {
	return func(i int, sent time.Duration, all []time.Duration, size int, release time.Duration) (time.Duration, bool) {
		at, ok := path(i, sent, all, size, release)
		return at + by, ok
	}
}

// gate holds everything until so many bytes are there, then lets all pass.
func gate(bytes int) pathModel {
	return func(i int, sent time.Duration, all []time.Duration, size int, release time.Duration) (time.Duration, bool) {
		opener := (bytes+size-1)/size - 1
		if opener >= len(all) {
			return release + 5*time.Millisecond, true
		}
		return max(sent, all[opener]) + 2*time.Millisecond, true
	}
}

// What holds back is recognised behind a latency, too, and a single batch is
// not taken for more than it shows.
func TestDelaysBehindLatencyNameTheirCause(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		name    string
		path    pathModel
		latency time.Duration
		cause   string
	}{
		{"one message behind", oneBehind, 200 * ms, "hold-last"},
		{"one message behind, by more than a spacing", oneBehind, 600 * ms, "hold-last"},
		{"a block", untilBytes(400), 200 * ms, "buffer-until-bytes"},
		{"until close", untilClose, 200 * ms, "buffered"},
		{"a timer", timer(1000 * ms), 200 * ms, "hold-timer"},
		{"a gate that opens in the middle", gate(440), 0, "prelude-dependent"},
		{"the same with latency", gate(440), 300 * ms, "prelude-dependent"},
		{"a gate that opens before the last message", gate(990), 0, "prelude-dependent"},
		{"a gate that opens with the last message", gate(1100), 0, "buffered"},
		{"the same with latency, again", gate(1100), 300 * ms, "buffered"},
		{"a gate that the origin's end opens", gate(5000), 0, "buffered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := evidence(steadyCount, steadySpacing, 110, late(tt.latency, tt.path))
			for i, ev := range e.Client {
				if ev.Kind == measure.Headers || ev.Kind == measure.Prelude {
					e.Client[i].T += tt.latency.Microseconds()
				}
			}
			c := Case{Technique: measure.Technique{Name: "eventsource", Class: measure.ClassStream}, Limits: measure.NewThresholds(0, 0)}
			if f := judgeDelivery(c, e, false); f.Cause != tt.cause {
				t.Errorf("%q (%s), want %q", f.Cause, f.Got, tt.cause)
			}
		})
	}
}

func TestPollsShareAnswers(t *testing.T) {
	e := evidence(8, 100*time.Millisecond, 110, func(_ int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		asked := (sent/(250*time.Millisecond) + 1) * 250 * time.Millisecond
		return asked + 600*time.Millisecond, true
	})
	for i, o := range e.Origin {
		if o.Kind == measure.Write { // when somebody asked
			sent := time.UnixMicro(o.T).Sub(e.Started)
			e.Origin[i].T = e.Started.Add((sent/(250*time.Millisecond) + 1) * 250 * time.Millisecond).UnixMicro()
		}
	}
	c := Case{Technique: measure.Technique{Name: "short-poll", Class: measure.ClassPoll}, Limits: measure.NewThresholds(0, 250*time.Millisecond)}
	if f := judgeDelivery(c, e, false); f.Verdict != measure.Degraded || f.Cause != "unknown" || !strings.Contains(f.Got, "latency") {
		t.Errorf("%s because %q (%s)", f.Verdict, f.Cause, f.Got)
	}
}

func TestSlowPathIsNoBuffer(t *testing.T) {
	stream := Case{Technique: measure.Technique{Name: "eventsource", Class: measure.ClassStream}, Limits: measure.NewThresholds(0, 0)}
	if f := judgeDelivery(stream, evidence(5, steadySpacing, 16000, narrow(20000)), false); int(f.Values["rate_bytes_per_s"]) != 20000 {
		t.Errorf("%s: %v, want 20000 bytes a second", f.Got, f.Values)
	}
	for name, path := range map[string]pathModel{"blocks": untilBytes(64000), "timer": timer(3 * time.Second), "until close": untilClose} {
		if rate := drained(evidence(20, steadySpacing, 16000, path), false); rate != 0 {
			t.Errorf("%s look like a path of %.0f bytes a second", name, rate)
		}
	}
	partly := evidence(5, steadySpacing, 16000, func(i int, sent time.Duration, _ []time.Duration, _ int, _ time.Duration) (time.Duration, bool) {
		return sent + 800*time.Millisecond, i < 2
	})
	partly.Rate = 4000
	if f := judgeDelivery(stream, partly, false); f.Verdict != measure.Broken || f.Cause != "unknown" || f.Values["rate_bytes_per_s"] != 4000 {
		t.Errorf("still under way: %s because %q (%s)", f.Verdict, f.Cause, f.Got)
	}
}

package proxies

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFailureModesAreComplete(t *testing.T) {
	driven := drives()
	for i, mode := range FailureModes() {
		if mode.Number != i+1 {
			t.Fatalf("number %d stands in place %d", mode.Number, i+1)
		}
		if mode.Symptom == "" || mode.Shows == "" || mode.Source == "" || mode.Cause == "" || len(mode.Techniques) == 0 {
			t.Errorf("%d: symptom, shows, source, cause and techniques are wanted", mode.Number)
		}
		if err := mode.Certainty.check(); err != nil || mode.Certainty == "" {
			t.Errorf("%d: certainty %q", mode.Number, mode.Certainty)
		}
		if (mode.Certainty == Measured) != (mode.Seen != "") {
			t.Errorf("%d: what was measured was seen on something, and only that", mode.Number)
		}
		specs := append([]string{mode.Before}, mode.Also...)
		if mode.Spec == "" {
			if mode.Stands == "" {
				t.Errorf("%d: no composition, and no word about why", mode.Number)
			}
		} else if specs = append(specs, mode.Spec); driven[mode.Number] == nil {
			t.Errorf("%d: no test drives %s", mode.Number, mode.Spec)
		}
		for _, spec := range specs {
			if _, err := Parse(spec, ParseOptions{}); spec != "" && err != nil {
				t.Errorf("%d: %v", mode.Number, err)
			}
		}
		if !provokes(mode.Spec, mode.Cause) && mode.Stands == "" {
			t.Errorf("%d: no fault of %s provokes %s", mode.Number, mode.Spec, mode.Cause)
		}
	}
	if n := len(FailureModes()); n != 40 {
		t.Errorf("%d failure modes, want 40", n)
	}
}

// provokes reports whether a fault of spec is listed as provoking cause.
func provokes(spec, cause string) bool {
	proxy, err := Parse(spec, ParseOptions{})
	if err != nil {
		return false
	}
	hops := []Proxy{proxy}
	if c, ok := proxy.(*chain); ok {
		hops = c.hops
	}
	return slices.ContainsFunc(hops, func(hop Proxy) bool {
		return slices.ContainsFunc(hop.(*simulated).faults, func(f faultSpec) bool {
			return slices.ContainsFunc(f.fault.Provokes, func(p Provoke) bool { return p.Cause == cause })
		})
	})
}

// Each composition shows what its reporters describe.
func TestFailureModes(t *testing.T) {
	driven := drives()
	for _, mode := range FailureModes() {
		if drive := driven[mode.Number]; drive != nil && mode.Spec != "" {
			t.Run(strings.Fields(mode.Cause)[0]+"/"+mode.Spec, func(t *testing.T) { drive(t, mode) })
		}
	}
}

// drives are the tests of the compositions, by number.
func drives() map[int]func(t *testing.T, mode FailureMode) {
	const ndjson, page, events = "application/x-ndjson", "text/html", "text/event-stream"
	slow := []any{"head", time.Second, "a", time.Second, "b"}
	silent := []any{"a", time.Hour}
	busy := []any{"a", 12 * time.Second, "b", 12 * time.Second, "c", 12 * time.Second, "d"}
	const live, held = "0s head 200, 1s a, 2s b, 2s end", "2s head 200, 2s ab, 2s end"
	browser := []string{"Accept-Encoding: gzip"}
	return map[int]func(*testing.T, FailureMode){
		1: asked{{typed: events, origin: slow, want: held}}.drive,
		2: asked{{typed: events, origin: slow, want: held}, {method: "POST", typed: events, origin: slow, want: live}}.drive,
		3: asked{{typed: events, origin: slow, want: live}, {typed: page, origin: slow, want: held}, {typed: ndjson, origin: slow, want: held}}.drive,
		4: asked{{typed: events, origin: slow, want: live}, {typed: events + "; charset=utf-8", origin: slow, want: held}}.drive,
		5: asked{{typed: events, origin: slow, want: live}, {headers: browser, typed: events, origin: slow, want: "2s head 200, 2s ab gzip, 2s end"}}.drive,
		6: asked{{typed: events, origin: slow, want: live}, {headers: browser, typed: events, origin: slow, want: "2s head 200, 2s ab gzip, 2s end"}}.drive,
		7: asked{{headers: browser, typed: events, origin: slow, want: "2s head 200, 2s ab gzip, 2s end"},
			{headers: browser, typed: events, encoding: "br", origin: slow, want: live}}.drive,
		8: asked{{before: true, headers: browser, typed: events, origin: slow, want: live},
			{headers: browser, typed: events, origin: slow, want: "2s head 200, 2s ab gzip, 2s end"}}.drive,
		9:  asked{{typed: events, origin: []any{"a", time.Second, "b", time.Minute, "c", time.Minute}, want: "0s head 200, 1s a, 1m1s b, 2m1s c, 2m1s end"}}.drive,
		10: asked{{typed: events, origin: busy, want: "0s head 200, 20s ab, 24s c, 36s d, 36s end"}}.drive,
		11: asked{{typed: events, origin: append(slices.Clone(slow), time.Second), want: "2.5s head 200, 2.5s ab, 3s end"},
			{headers: []string{"Accept: text/event-stream"}, typed: events, origin: slow, want: live}}.drive,
		12: asked{{typed: events, origin: silent, want: "0s head 200, 0s a, 1m0s cut"},
			{typed: events, origin: []any{time.Hour}, want: "1m0s head 504, 1m0s idle timeout\n, 1m0s end"}}.drive,
		13: drivePingsAtTheLimit,
		14: drivePingsThatDoNotCount,
		15: asked{{typed: events, origin: busy, want: "0s head 200, 0s a, 12s b, 15s cut"}}.drive,
		16: driveSocketLifetime,
		17: asked{{typed: events, origin: busy, want: "0s head 200, 0s a, 12s b, 24s c, 30s end"},
			{typed: events, origin: silent, want: "0s head 200, 0s a, 30s end"}}.drive,
		18: driveMute,
		19: driveSocketEnds("0s 101", "0s hello", "200ms cut"),
		20: driveSocketMute,
		21: driveInspectedReset,
		22: asked{{typed: events, origin: []any{"a"}, want: "3s head 200, 3s a, 3s end"}, {again: true, typed: events, origin: []any{"a"}, want: "0s head 200, 0s a, 0s end"}}.drive,
		23: driveSessions,
		24: driveReload(250*time.Second, "cut"),
		25: driveCrowd(6, ""),
		26: asked{{typed: events, origin: slow, want: "1s head 200, 1s a, 2s b, 2s end"}}.drive,
		27: driveRecording,
		28: driveCrowd(1024, "503"),
		29: driveCrowd(3, ""),
		31: driveReconnect,
		32: driveReload(16*time.Minute, "reset"),
		33: asked{{typed: events, origin: slow, want: "200ms head 200, 1.2s a, 2s b, 2s end"},
			{typed: events, origin: []any{"a", 150 * ms, "b", 100 * ms, "c", time.Second}, want: "200ms head 200, 200ms ab, 450ms c, 1.25s end"}}.drive,
		34: asked{{typed: "multipart/x-mixed-replace; boundary=x", origin: []any{"--x part", time.Second, "--x part"}, want: "0s head 200, 0s --x part, 200ms end"},
			{typed: events, origin: slow, want: live}}.drive,
		35: driveTwoEncodings,
		36: asked{{typed: "application/json", origin: []any{30 * time.Second, "[]"}, want: "30s head 504, 30s first byte timeout\n, 30s end"},
			{typed: "application/json", origin: []any{10 * time.Second, "[1]"}, want: "10.05s head 200, 10.05s [1], 10.05s end"}}.drive,
		37: asked{{way: byForward, typed: events, origin: slow, want: held}}.drive,
		38: driveHeldKilobytes,
		39: asked{{typed: events, origin: slow, want: "0s head 403, 0s 90 bytes, 0s end"},
			{headers: []string{"Origin: http://elsewhere"}, typed: events, origin: slow, want: live}}.drive,
		40: asked{{before: true, typed: events, origin: slow, want: live}, {typed: events, origin: slow, want: held}}.drive,
	}
}

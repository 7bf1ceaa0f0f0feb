package claims

import (
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestStreamBeatsFromARateOn(t *testing.T) {
	steps := func(stream ...float64) []rateStep {
		var out []rateStep
		for i, n := range stream {
			out = append(out, rateStep{rate: comparedRates[i], held: atRate{10, 10, 10}, stream: atRate{p99: n, requests: 0, cpu: 1}})
		}
		return out
	}
	p99 := func(r atRate) float64 { return r.p99 }
	for name, tt := range map[string]struct {
		steps []rateStep
		rate  float64
		ok    bool
	}{
		"always":                 {steps(1, 1, 1), 1, true},
		"from the second on":     {steps(10, 1, 1), 2, true},
		"a slip in between":      {steps(1, 11, 1), 5, true},
		"not at the fastest":     {steps(1, 1, 10), 0, false},
		"a twentieth is nothing": {steps(9.5, 9.5, 9.5), 0, false},
	} {
		if rate, ok := beatsFrom(tt.steps, p99); rate != tt.rate || ok != tt.ok {
			t.Errorf("%s: %g, %v", name, rate, ok)
		}
	}
	if a := ratesAnswer(steps(1, 1, 1)); a.Answer != measure.ClaimHolds || len(a.Rows) != 3 {
		t.Errorf("better in all: %+v", a)
	}
	if a := ratesAnswer(steps(1, 1, 10)); a.Answer != measure.ClaimOnlyIf || !strings.Contains(a.Got, "in p99 at no rate") {
		t.Errorf("better in two of three: %+v", a)
	}
}

func TestRatiosAreOfPairs(t *testing.T) {
	of := func(cpu time.Duration, bytes int64) []served {
		return []served{{cpu: cpu, in: bytes, took: time.Second}, {cpu: cpu, in: bytes, took: time.Second}, {cpu: 9 * cpu, in: bytes, took: time.Second}}
	}
	names := []string{"short-poll", "long-poll", "eventsource"}
	a := pollingAnswer(map[string][]served{"short-poll": of(8*time.Millisecond, 800), "long-poll": of(4*time.Millisecond, 400), "eventsource": of(time.Millisecond, 100)}, names)
	if a.Answer != measure.ClaimHolds || a.Values["times_long_poll_cpu"] != 2 || a.Values["times_eventsource_bytes"] != 8 {
		t.Errorf("polling: %+v", a)
	}
	a = pollingAnswer(map[string][]served{"short-poll": of(5*time.Millisecond, 800), "long-poll": of(4*time.Millisecond, 400), "eventsource": of(time.Millisecond, 100)}, names)
	if a.Answer != measure.ClaimFails {
		t.Errorf("polling that is a quarter dearer: %s", a.Answer)
	}
	for _, tt := range []struct {
		cpu  time.Duration
		old  int64
		want measure.ClaimAnswer
	}{{4 * time.Millisecond, 900, measure.ClaimHolds}, {time.Millisecond, 900, measure.ClaimOnlyIf}, {4 * time.Millisecond, 400, measure.ClaimOnlyIf}, {time.Millisecond, 400, measure.ClaimFails}} {
		if a := http2Answer(of(tt.cpu, tt.old), of(2*time.Millisecond, 300), of(time.Millisecond, 100)); a.Answer != tt.want {
			t.Errorf("HTTP/2 against %v and %d bytes: %s, want %s: %s", tt.cpu, tt.old, a.Answer, tt.want, a.Got)
		}
	}
}

func TestProgramsAreCounted(t *testing.T) {
	cell := func(technique, proxy string, v measure.Verdict, cause string) measure.CellRecord {
		l := measure.Labels{Technique: technique, Proxy: proxy, Client: "go"}
		return measure.CellRecord{Cell: l.ID(), Labels: l, Verdict: v, Cause: cause, Reason: "because"}
	}
	s := survey{run: &measure.Run{Cells: []measure.CellRecord{
		cell("multipart", "real:nginx", measure.Broken, "buffered"), cell("multipart", "real:nginx/streaming", measure.Works, ""),
		cell("multipart", "real:haproxy", measure.Works, ""), cell("multipart", "real:squid", measure.Degraded, "hold-timer"),
		cell("multipart", "real:varnish", measure.HarnessFailed, ""), cell("eventsource", "real:varnish", measure.Works, ""),
	}}}
	stock, on := s.of("multipart", false), s.of("multipart", true)
	if stock.asked() != 3 || strings.Join(stock.works, " ") != "haproxy" || strings.Join(stock.fails, " ") != "nginx (buffered) squid (hold-timer)" || len(stock.open) != 1 {
		t.Errorf("stock: %+v", stock)
	}
	if on.asked() != 1 || strings.Join(on.works, " ") != "nginx" {
		t.Errorf("configured for streams: %+v", on)
	}
	if v := s.count(nil, "multipart"); v["multipart_works"] != 1 || v["multipart_programs"] != 3 || v["multipart_advised_works"] != 1 {
		t.Errorf("%v", v)
	}
	if a, none := (survey{}).noPrograms(); !none || a.Answer != measure.ClaimUntested {
		t.Errorf("no program is here: %+v", a)
	}
}

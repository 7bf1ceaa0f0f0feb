package scenarios_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// expectCheck asserts verdict and cause of one check of a cell.
func expectCheck(t *testing.T, r *measure.Run, technique, proxy, check string, verdict measure.Verdict, cause string) {
	t.Helper()
	for _, k := range r.Checks {
		if k.Technique == technique && k.Proxy == proxy && k.Check == check {
			if k.Verdict != verdict || k.Cause != cause {
				t.Errorf("%s via %s: %s is %s because %q (%s), want %s because %q", technique, proxy, check, k.Verdict, k.Cause, k.Got, verdict, cause)
			}
			return
		}
	}
	t.Errorf("%s via %s: no %s", technique, proxy, check)
}

// provoked is a fault and what is to be found of it.
type provoked struct {
	spec       string
	checks     []string
	techniques []string
	want       string // verdict and cause of the first check and, unless that only observes, of the cell
}

// Each fault is named by the check that asks about it, and makes the cell no
// worse than it makes the technique.
func TestFaultsOfTheOpening(t *testing.T) {
	t.Parallel()
	const es, xs, ws, lp, sp = "eventsource", "xhr-streaming", "websocket", "long-poll", "short-poll"
	table := []provoked{
		{"headers-held", []string{"opening/headers-time"}, []string{es, xs}, "degraded headers-held"},
		{"first-byte(after=15s)&headers-held", []string{"opening/headers-time"}, []string{es}, "degraded headers-held"},
		{"header(strip=Cookie,request)&header(strip=Set-Cookie,response)", []string{"opening/headers"}, []string{es, lp, ws}, "degraded cookie-dropped"},
		{"header(strip=Last-Event-ID,request)", []string{"opening/headers"}, []string{es, sp}, "degraded header-dropped"},
		{"repeat", []string{"opening/requests"}, []string{es, sp}, "degraded request-repeated"},
		{"request-buffer", []string{"delivery/both-ways"}, []string{xs, lp}, "degraded request-buffered"},
		{"cache(ttl=60s,cache-control=ignore)", []string{"delivery/caching"}, []string{es, sp}, "broken cached"},
		{"collapse", []string{"delivery/caching"}, []string{xs, lp}, "degraded shared-stream"},
		{"upgrade(mode=one-way)", []string{"opening/connect", "delivery/both-ways"}, []string{ws}, "broken upgrade-one-way"},
		{"upgrade(mode=one-way,lost=from-client)", []string{"opening/connect", "delivery/both-ways"}, []string{ws}, "broken upgrade-one-way"},
		{"header(strip=Access-Control-Allow-Origin,response)", []string{"opening/cross-origin"}, []string{es}, "broken header-dropped"},
	}
	specs, all := []string{"transparent"}, map[string]bool{}
	for _, tt := range table {
		specs = append(specs, "fault:"+tt.spec)
		for _, check := range tt.checks {
			all[check] = true
		}
	}
	r := plan{techniques: []string{es, xs, ws, lp, sp}, specs: specs, checks: slices.Collect(maps.Keys(all)), mode: proxies.Reverse, ask: func(l measure.Labels, check string) bool {
		return l.Proxy == "transparent" || slices.ContainsFunc(table, func(row provoked) bool {
			return l.Proxy == "fault:"+row.spec && slices.Contains(row.techniques, l.Technique) && slices.Contains(row.checks, check)
		})
	}}.run(t)
	for _, tt := range table {
		verdict, cause, _ := strings.Cut(tt.want, " ")
		for _, tech := range tt.techniques {
			for _, check := range tt.checks {
				expectCheck(t, r, tech, "transparent", check, measure.Works, "")
			}
			expectCheck(t, r, tech, "fault:"+tt.spec, tt.checks[0], measure.Verdict(verdict), cause)
			if cause != "request-buffered" && tt.checks[0] != "opening/cross-origin" { // these only observe
				expect(t, r, tech, "fault:"+tt.spec, measure.Verdict(verdict), cause)
			}
		}
	}
}

// A path that holds a stream back is asked in other ways, and what they show
// becomes the cell's cause; one that holds everything keeps its own.
func TestWhatHoldingHangsOn(t *testing.T) {
	t.Parallel()
	const es, xs, fi = "eventsource", "xhr-streaming", "forever-iframe"
	checks := []string{"opening/accept-encoding", "opening/methods", "opening/content-types", "opening/prelude-needed", "delivery/steady", "delivery/burst"}
	held := map[string]map[string]string{ // spec -> technique -> cause
		"fault:buffer(until=close,if=header:Accept-Encoding)":           {es: "accept-encoding-dependent"},
		"fault:buffer(until=close,if=method:GET)":                       {xs: "method-dependent"},
		"fault:buffer(until=close,if=type:text/html)":                   {fi: "content-type-dependent", es: ""},
		"fault:buffer(until=close,unless=type-exact:text/event-stream)": {fi: "content-type-dependent"},
		"fault:gzip(block=32768)":                                       {xs: "compression"},
		"fault:prelude(2048)":                                           {es: "prelude-dependent"},
		"fault:buffer(until=close)":                                     {es: "buffer-until-close"},
		"fault:buffer(bytes=4096)":                                      {xs: "buffer-until-bytes"},
	}
	r := plan{techniques: []string{es, xs, fi}, specs: slices.Collect(maps.Keys(held)), checks: checks, mode: proxies.Reverse, ask: func(l measure.Labels, check string) bool {
		cause, wanted := held[l.Proxy][l.Technique]
		return wanted && (check != "delivery/burst" || strings.HasPrefix(cause, "buffer-until"))
	}}.run(t)
	for spec, by := range held {
		for tech, cause := range by {
			if cause != "" {
				expect(t, r, tech, spec, measure.Broken, cause)
				continue
			}
			expect(t, r, tech, spec, measure.Works, "")
			for _, check := range checks[:3] { // nothing to explain: nobody asked
				expectCheck(t, r, tech, spec, check, measure.Untested, "")
			}
		}
	}
}

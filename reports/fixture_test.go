package reports

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	keep   = flag.String("keep", "", "write the large fixture and all its reports to this directory, to look at")
)

var began = time.Date(2025, 3, 14, 9, 26, 53, 0, time.UTC)

func runRecord(id string) measure.RunRecord {
	return measure.RunRecord{
		Type: measure.TypeRun, Schema: measure.Schema, ID: id, Started: began,
		Command:   []string{"cometbench", "run", "--proxy", "direct,real:nginx", "--client", "go", "--max-wait", "8s", "--origin-token", "s3cret"},
		Tool:      measure.Tool{Version: "0.1.0", Commit: "1d8db36aa90c"},
		Host:      measure.Host{OS: "linux", Arch: "amd64", CPUs: 2, MemoryBytes: 4 << 30, CongestionControl: "bbr"},
		TimeScale: 0.01, Seed: 42,
		NoiseFloor: map[string]float64{"delay_p50_ms": 0.2, "delay_p99_ms": 3.1},
	}
}

// plan is what the fixture makes one cell of.
type plan struct {
	labels  measure.Labels
	verdict measure.Verdict
	cause   string
	got     string
	path    string // how the drawn path behaves: see trialEvents
}

// write adds the plan's lines and timeline to a run directory.
func (p plan) write(t *testing.T, w *measure.Writer, timeline bool) {
	t.Helper()
	checks := p.checks()
	cell := measure.Judge(p.labels, checks)
	records := make([]any, 0, len(checks)+1)
	for _, c := range checks {
		records = append(records, c)
	}
	if err := w.Append(append(records, cell)...); err != nil {
		t.Fatal(err)
	}
	if !timeline || p.path == "" {
		return
	}
	var events []measure.Event
	for i, trial := range []string{"steady", "burst", "silence"} {
		events = append(events, trialEvents(p, trial, int64(i)*20e6)...)
	}
	if err := w.Timeline(p.labels.ID(), events); err != nil {
		t.Fatal(err)
	}
}

func (p plan) check(name string, kind measure.Kind, axis measure.Axis, want string) measure.CheckRecord {
	return measure.CheckRecord{
		Type: measure.TypeCheck, Cell: p.labels.ID(), Labels: p.labels, Check: name, Kind: kind, Axis: axis,
		Verdict: measure.Works, Want: []string{want}, Got: "as wanted", Hits: 1, TookMS: 1200, StartedUS: began.UnixMicro(),
		ProxyVersion: "1.22.1", ProxyConfig: "sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f0", HTTPUpstream: "1.0",
		Clocks: []measure.Clock{{ID: "o1"}, {ID: "c1", OffsetUS: 0, BoundUS: 0}},
		Values: map[string]float64{"delay_p50_ms": 0.8, "delay_p99_ms": 4.2, "delay_max_ms": 4.4, "silence_max_ms": 503, "sent": 10, "received": 10, "lost": 0},
	}
}

func (p plan) checks() []measure.CheckRecord {
	steady := p.check("delivery/steady", measure.Required, measure.Delivery, "each of 10 messages within 250 ms")
	steady.Trial = "steady"
	steady.EndedBy, steady.EndKind = "origin", measure.EndClean
	steady.Values["held_bytes_min"], steady.Values["batch_max"] = 1210, 1
	checks := []measure.CheckRecord{
		p.check("opening/first-byte", measure.Required, measure.Opening, "the response head within 250 ms"),
		steady,
		p.check("delivery/burst", measure.Required, measure.Delivery, "200 messages, none lost, in order"),
		p.check("delivery/large", measure.Optimal, measure.Delivery, "a message of 256 KB in one piece"),
		p.check("ending/idle", measure.Required, measure.Ending, "an exchange that survives 60 s of silence"),
		p.check("ending/recycle", measure.Required, measure.Ending, "no message lost when a stream is recycled"),
		p.check("ending/abort", measure.Optimal, measure.Ending, "the origin notices within 2 s that the client left"),
		p.check("counting/overhead", measure.Observe, measure.Counting, "bytes on the wire per message"),
	}
	bad := &checks[1]
	if c, _ := measure.CauseByID(p.cause); c.Family == measure.FamilyLimits {
		bad = &checks[4]
	} else if c.Family == measure.FamilyOpening {
		bad = &checks[0]
	}
	switch {
	case p.verdict.Counts() && p.verdict != measure.Works:
		bad.Verdict, bad.Cause, bad.Got = p.verdict, p.cause, p.got
		bad.Values["delay_p50_ms"], bad.Values["delay_p99_ms"] = 2750.1, 5001.2
		return checks
	case p.verdict == measure.Works:
		return checks
	}
	checks = checks[:1]
	checks[0].Verdict, checks[0].Got, checks[0].Values = p.verdict, p.got, nil
	return checks
}

// trialEvents draws what a path does: prompt, fan (held until the end), step
// (let go in threes), late, cut (dies early), lossy, poll.
func trialEvents(p plan, trial string, start int64) []measure.Event {
	n, gap := 10, int64(500e3)
	switch trial {
	case "burst":
		n, gap = 40, 5e3
	case "silence":
		n, gap = 2, 8e6
	}
	end := start + 200e3 + int64(n)*gap
	var out []measure.Event
	add := func(side string, kind measure.EventKind, at int64, e measure.Event) {
		e.Trial, e.Side, e.Kind, e.T, e.Conn = trial, side, kind, at, 1
		e.Clock = map[string]string{measure.SideOrigin: "o1", measure.SideClient: "c1"}[side]
		out = append(out, e)
	}
	add(measure.SideClient, measure.Dial, start, measure.Event{})
	add(measure.SideOrigin, measure.Headers, start+400, measure.Event{Sub: 1, Method: "GET", HTTP: "1.0"})
	headers := start + 900
	if p.path == "fan" {
		headers = end + 900
	}
	add(measure.SideClient, measure.Headers, headers, measure.Event{Status: 200, HTTP: "1.1"})
	for i := range n {
		id := fmt.Sprintf("e7k2-%d", i+1)
		sent := start + 100e3 + int64(i)*gap
		add(measure.SideOrigin, measure.Publish, sent, measure.Event{ID: id, Bytes: 120})
		add(measure.SideOrigin, measure.Write, sent+200, measure.Event{ID: id, Bytes: 121})
		at := sent + 1500
		switch {
		case p.path == "fan":
			at = end + 1000 + int64(i)*100
		case p.path == "step":
			at = start + 100e3 + int64(i/3*3+2)*gap + 900
		case p.path == "late":
			at = sent + 700e3
		case p.path == "poll":
			at = sent + 40e3
			add(measure.SideClient, measure.End, at+100, measure.Event{EndKind: measure.EndClean})
			add(measure.SideClient, measure.Reconnect, at+200, measure.Event{Note: "poll"})
		case p.path == "cut" && sent > start+2e6, p.path == "lossy" && i%4 == 2:
			continue
		}
		add(measure.SideClient, measure.Received, at, measure.Event{ID: id, Bytes: 120})
	}
	if trial == "silence" {
		for at := start + 2e6; at < end; at += 2e6 {
			add(measure.SideOrigin, measure.Heartbeat, at, measure.Event{})
			if p.path != "fan" && p.path != "cut" {
				add(measure.SideClient, measure.Heartbeat, at+1200, measure.Event{})
			}
		}
	}
	if p.path == "cut" {
		add(measure.SideClient, measure.Failed, start+2e6, measure.Event{Note: "read: connection reset by peer"})
		add(measure.SideClient, measure.End, start+2e6+50, measure.Event{EndKind: measure.EndRST})
		add(measure.SideOrigin, measure.AbortNoticed, start+2.5e6, measure.Event{})
		return out
	}
	if p.path == "late" {
		end += 800e3
	}
	add(measure.SideOrigin, measure.End, end, measure.Event{Note: "recycle-time", EndKind: measure.EndClean})
	add(measure.SideClient, measure.End, end+2000, measure.Event{Note: "recycle-time", EndKind: measure.EndClean})
	return out
}

func writeRun(t *testing.T, dir string, rec measure.RunRecord, plans []plan, complete, timelines bool) *measure.Run {
	t.Helper()
	w, err := measure.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(rec); err != nil {
		t.Fatal(err)
	}
	verdicts := map[measure.Verdict]int{}
	for _, p := range plans {
		p.write(t, w, timelines)
		verdicts[p.verdict]++
	}
	for _, a := range tries(plans) {
		if err := w.Append(a); err != nil {
			t.Fatal(err)
		}
	}
	if complete {
		end := measure.EndRecord{Type: measure.TypeEnd, Finished: rec.Started.Add(754 * time.Second), Cells: len(plans), Verdicts: verdicts, Complete: true}
		if err := w.Append(end); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, dir)
}

func read(t *testing.T, dir string) *measure.Run {
	t.Helper()
	run, err := measure.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func labels(technique, proxy, client string) measure.Labels {
	return measure.Labels{Technique: technique, Proxy: proxy, Client: client, HTTP: "1.1"}
}

// oneOfEach is a run with one cell of each verdict.
func oneOfEach() []plan {
	return []plan{
		{labels("eventsource", "direct", "go"), measure.Works, "", "", "prompt"},
		{labels("websocket", "direct", "go"), measure.Works, "", "", "prompt"},
		{labels("eventsource", "real:nginx", "go"), measure.Broken, "buffered", "10 messages in one batch, 5.0 s late", "fan"},
		{labels("long-poll", "real:nginx", "go"), measure.Degraded, "hold-timer", "10 messages, each about 700 ms late", "late"},
		{labels("websocket", "real:nginx", "go"), measure.Unsupported, "", "this proxy cannot upgrade", ""},
		{labels("short-poll", "real:nginx", "go"), measure.Skipped, "", "the origin's token is not known", ""},
		{labels("multipart", "real:nginx", "go"), measure.SetupFailed, "", "the direct path lost 3 of 10 messages", ""},
		{labels("forever-iframe", "real:nginx", "go"), measure.HarnessFailed, "", "the proxy exited with status 1", ""},
		{labels("xhr-streaming", "real:nginx", "go"), measure.Untested, "", "the run ended before", ""},
	}
}

// tries are what a run of plans with --prove says of a broken and a degraded
// cell behind nginx: proven, and left with nothing to try.
func tries(plans []plan) []measure.AdviceRecord {
	var out []measure.AdviceRecord
	for _, p := range plans {
		a := measure.AdviceRecord{Type: measure.TypeAdvice, Labels: p.labels, Cause: p.cause, Before: p.verdict, Program: "nginx", Version: "1.22.1"}
		switch {
		case p.labels.Proxy != "real:nginx":
		case p.cause == "buffered":
			a.Where, a.Lines, a.Mended = "in the location", []string{"proxy_buffering off;"}, "real:nginx@advice/nginx-buffered.conf"
			left := a
			left.Upon, left.Cause, left.Before, left.Lines = []string{a.Cause}, "truncated", measure.Degraded, []string{"proxy_http_version 1.1;"}
			left.After, left.AfterCause, left.Reason = measure.Degraded, "truncated", "the cause is still there"
			left.Instead, left.InsteadLines = "websocket", []string{"proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`}
			a.After, a.AfterCause, a.Proven = measure.Degraded, "truncated", true
			out = append(out, a, left)
		case p.cause == "hold-timer":
			a.Reason, a.Instead = "there is no line of nginx against it", "short-poll"
			out = append(out, a)
		}
	}
	return out
}

func smallRun(t *testing.T) *measure.Run {
	return writeRun(t, filepath.Join(t.TempDir(), "run"), runRecord("20250314-092653"), oneOfEach(), true, true)
}

// matrix is a run of the usual size: 8 techniques, 8 proxies, 2 clients.
func matrix() []plan {
	proxies := []string{
		"direct", "transparent", "nginx-default", "antivirus", "fault:buffer(until=close,if=type:text/html)&idle(after=60s)",
		"real:haproxy", "real:nginx", "real:nginx/streaming@conf/site with space.conf",
	}
	buffered := plan{verdict: measure.Broken, cause: "buffer-until-close", got: "10 messages in one batch, 5.0 s late", path: "fan"}
	fine := plan{verdict: measure.Works, path: "prompt"}
	var out []plan
	for _, client := range []string{"go", "chromium"} {
		for i, proxy := range proxies {
			for _, name := range []string{"short-poll", "long-poll", "callback-poll", "xhr-streaming", "forever-iframe", "multipart", "eventsource", "websocket"} {
				tech, _ := measure.TechniqueByName(name)
				p := fine
				streams := tech.Class == measure.ClassStream
				socket := tech.Class == measure.ClassSocket
				switch {
				case client == "chromium" && tech.Name == "multipart":
					p = plan{verdict: measure.Unsupported, got: "Chromium does not read multipart responses in a page"}
				case i < 2 && tech.Polls():
					p.path = "poll"
				case i < 2:
				case (proxy == "nginx-default" || proxy == "real:nginx") && socket:
					p = plan{verdict: measure.Broken, cause: "upgrade-stripped", got: "the origin saw an ordinary GET and answered 426", path: "cut"}
				case (proxy == "nginx-default" || proxy == "real:nginx") && streams:
					p = buffered
				case proxy == "antivirus" && streams:
					p = plan{verdict: measure.Broken, cause: "scan", got: "nothing for 2.0 s, then 4 messages; 3 never came", path: "lossy"}
				case proxy == "antivirus" && tech.Class == measure.ClassHeld:
					p = plan{verdict: measure.Degraded, cause: "hold-timer", got: "each message about 700 ms late", path: "late"}
				case i == 4 && tech.Name == "forever-iframe":
					p = buffered
				case i == 4 && streams:
					p = plan{verdict: measure.Broken, cause: "idle-timeout", got: "cut after 60 s of silence", path: "cut"}
				case proxy == "real:haproxy" && streams && client == "chromium":
					p = plan{verdict: measure.Degraded, cause: "buffer-until-bytes", got: "messages come in threes, up to 1.0 s late", path: "step"}
				case i == 7 && tech.Name == "callback-poll":
					p = plan{verdict: measure.HarnessFailed, got: "the browser crashed twice"}
				case i == 7 && tech.Name == "short-poll" && client == "chromium":
					p = plan{verdict: measure.SetupFailed, got: "the direct path was late as well"}
				case i == 7 && socket:
					p = plan{verdict: measure.Skipped, got: "this configuration needs TLS, and no certificate was given"}
				}
				if tech.Polls() && p.path == "prompt" {
					p.path = "poll"
				}
				p.labels = labels(tech.Name, proxy, client)
				out = append(out, p)
			}
		}
	}
	return out
}

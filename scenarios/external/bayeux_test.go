package external_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/external"
)

// The paths of TestThousandMessages. The last one cuts in the middle: some of
// the answers, or the first sockets.
func pathsOf(transport string) []string {
	cuts := "fault:max-bytes(4000,if=chance:0.35)"
	if transport == "websocket" {
		cuts = "fault:max-bytes(4000,if=first:3)"
	}
	return []string{"direct", "transparent", "real:nginx/streaming", cuts}
}

// TestThousandMessages: each client, by each of its transports, along each
// path, gets what is sent to a channel whole, once and in order, and what it
// publishes itself by the patterns that it subscribed to. The last path cuts
// answers, and sockets, in the middle.
func TestThousandMessages(t *testing.T) {
	k := installed(t)
	const count = 1000
	for _, program := range ofFamily("bayeux") {
		for _, transport := range program.Transports {
			paths := pathsOf(transport)
			for i, path := range paths {
				t.Run(program.Name+"/"+transport+"/"+path, func(t *testing.T) {
					t.Parallel()
					o := startOrigin(t)
					base := o.through(path)
					own := "/chat/room"
					r := run(t, k, program.Name, external.Run{URL: base.JoinPath("bayeux").String(), Transport: transport, Options: external.Options{
						Subscribe: []string{"/hub/news", "/chat/*", "/chat/**"},
						Publish:   &external.Publish{Channel: own, Count: 3},
					}})
					r.until("subscription", is("subscribed", "/hub/news"))
					cut, step := i == len(paths)-1, 50
					if cut {
						step = 250 // each cut costs seconds: the clients wait before they come back
					}
					if !cut { // what a cut does to a publish is not the server's to mend
						// Each comes once, and the client gives it to both listeners.
						r.until("own messages", func(all []external.Event) bool { return len(numbers(t, all, own)) >= 6 })
						if got := numbers(t, r.all(), own); !slices.Equal(got, []int{0, 0, 1, 1, 2, 2}) {
							t.Errorf("own messages %v", got)
						}
					}
					for n := 0; n < count; n += step {
						o.publish("news", n, n+step)
						r.until("messages", func(all []external.Event) bool { return len(numbers(t, all, "/hub/news")) >= n+step })
					}
					if got := numbers(t, r.all(), "/hub/news"); !slices.Equal(got, upTo(count)) {
						t.Errorf("%d messages: %v", len(got), got)
					}
					if downs := tally(r.all(), "down"); cut != (downs > 0) {
						t.Errorf("%d failures: %s", downs, r.tail())
					}
				})
			}
		}
	}
}

func ofFamily(family string) (out []external.Program) {
	for _, p := range external.Programs() {
		if p.Family == family {
			out = append(out, p)
		}
	}
	return out
}

func tally(all []external.Event, event string) (n int) {
	for _, e := range all {
		if e.Event == event {
			n++
		}
	}
	return n
}

// TestRestart: a server that was stopped and is there again, knowing nothing of
// its sessions.
func TestRestart(t *testing.T) {
	k := installed(t)
	for _, program := range ofFamily("bayeux") {
		for _, transport := range program.Transports {
			t.Run(program.Name+"/"+transport, func(t *testing.T) {
				t.Parallel()
				o := startOrigin(t)
				r := run(t, k, program.Name, external.Run{URL: o.url.JoinPath("bayeux").String(), Transport: transport, Options: external.Options{Subscribe: []string{"/hub/news"}}})
				r.until("subscription", is("subscribed", "/hub/news"))
				o.publish("news", 0, 10)
				r.until("messages", func(all []external.Event) bool { return len(numbers(t, all, "/hub/news")) == 10 })
				o.stop()
				o.start(o.url.Host)
				// It subscribes anew when it comes back; what is sent until then is
				// nobody's. So one is sent until one arrives.
				before := len(r.all())
				for n := 1000; !is("message", "/hub/news")(r.all()[before:]); n++ {
					o.publish("news", n, n+1)
					r.pause()
				}
				seen := len(numbers(t, r.all(), "/hub/news"))
				o.publish("news", 0, 100)
				last := func() []int { got := numbers(t, r.all(), "/hub/news"); return got[max(0, len(got)-100):] }
				r.until("messages after the restart", func([]external.Event) bool { return slices.Equal(last(), upTo(100)) })
				if got := numbers(t, r.all(), "/hub/news"); seen < 11 || !slices.Equal(got[:10], upTo(10)) {
					t.Errorf("%v", got)
				}
			})
		}
	}
}

// TestTimerThatBreaksFirst: a path that adds more than a client's limit for
// requests that are not held breaks those; a held connect has its own time on
// top, and survives. The client names the timer.
func TestTimerThatBreaksFirst(t *testing.T) {
	k := installed(t)
	o := startOrigin(t)
	base := o.through("fault:latency(1500ms,unless=first:1)") // the first exchange opens the session
	r := run(t, k, "cometd", external.Run{URL: base.JoinPath("bayeux").String(), Transport: "long-polling", Options: external.Options{
		Publish: &external.Publish{Channel: "/chat/room", Count: 1}, NetworkDelay: 1000,
	}})
	failed := func(e external.Event) bool { return e.Event == "published" && !e.OK }
	r.until("publish that failed", func(all []external.Event) bool { return slices.ContainsFunc(all, failed) })
	all := r.all()
	at := slices.IndexFunc(all, failed)
	if why := all[at].Why; !strings.Contains(why, "expired waiting for message replies") || !strings.HasSuffix(why, ": 1000 ms") {
		t.Errorf("it says %q", why)
	}
	r.until("connect that survived", func(all []external.Event) bool { return is("connected", "")(all[at:]) })
	if slices.ContainsFunc(r.all()[:at], func(e external.Event) bool { return e.Event == "down" && e.On == "/meta/connect" }) {
		t.Errorf("a connect broke first:\n%s", r.tail())
	}
}

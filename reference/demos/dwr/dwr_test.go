package dwr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/demotest"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "/demo/dwr/"

var demoOn = demotest.Mount(base, New)

// page is a browser's page, by hand.
type browserPage struct {
	t  *testing.T
	b  *demotest.Bench
	id string
}

func open(t *testing.T, b *demotest.Bench, mode, wait string) *browserPage {
	t.Helper()
	x := b.Post(base+"call/plaincall/__System.pageLoaded.dwr", url.Values{
		"batchId": {"b0"}, "page": {centrePage}, "mode": {mode}, "maxWaitAfterWrite": {wait},
	}.Encode())
	match := regexp.MustCompile(`handleCallback\("b0",\{"value":"(\w+)"\}\)`).FindStringSubmatch(x.Body())
	if match == nil {
		t.Fatalf("page load: %d %s", x.Status(), x.Body())
	}
	return &browserPage{t, b, match[1]}
}

func (p *browserPage) poll(next int) *demotest.Exchange {
	p.t.Helper()
	return p.b.Post(base+"call/plainpoll/ReverseAjax.dwr", url.Values{
		"batchId": {"b1"}, "scriptSessionId": {p.id}, "nextReverseAjaxIndex": {strconv.Itoa(next)},
	}.Encode())
}

func (p *browserPage) call(name, args string) *demotest.Exchange {
	p.t.Helper()
	return p.b.Post(base+"call/plaincall/"+name+".dwr", url.Values{
		"batchId": {"b2"}, "scriptSessionId": {p.id}, "args": {args}, "nextReverseAjaxIndex": {"0"},
	}.Encode())
}

var pieces = regexp.MustCompile(`(?m)^dwr\.engine\.remote\.call\((\d+),(.*)\)$`)

// calls lists the calls of a body as "INDEX function".
func calls(t *testing.T, body string) []string {
	t.Helper()
	var out []string
	for _, m := range pieces.FindAllStringSubmatch(body, -1) {
		var c call
		if err := json.Unmarshal([]byte(m[2]), &c); err != nil {
			t.Fatalf("%s: %v", m[2], err)
		}
		out = append(out, m[1]+" "+c.Function)
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestCometStreamsAtOnce(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "comet", "")
		x := p.poll(0)
		if !strings.HasPrefix(x.Body(), prefix) {
			t.Fatalf("the prefix is not flushed: %q", x.Body())
		}
		want(t, calls(t, x.Body()), "0 updateCallers")
		time.Sleep(7 * time.Second)
		want(t, calls(t, x.Body()), "0 updateCallers", "1 updateCallers", "2 updateCallers")
		time.Sleep(time.Minute)
		if !x.Over() || !strings.HasSuffix(x.Body(), start+`dwr.engine.remote.handleCallback("b1",0)`+end) {
			t.Errorf("not ended after a minute with disconnectedTime 0: …%.200s", x.Body()[max(0, len(x.Body())-200):])
		}
	})
}

func TestAcknowledgedCallsAreNotRepeated(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "comet", "")
		time.Sleep(4 * time.Second) // one rings
		x := p.poll(0)
		want(t, calls(t, x.Body()), "0 updateCallers", "1 updateCallers")
		x.Leave() // cut: what was not acknowledged comes again, in order
		want(t, calls(t, p.poll(0).Body()), "0 updateCallers", "1 updateCallers")
		want(t, calls(t, p.poll(2).Body()))
	})
}

func TestEarlyClose(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "comet", "500ms")
		x := p.poll(0)
		if x.Over() {
			t.Fatal("closed at once")
		}
		time.Sleep(501 * time.Millisecond)
		if !x.Over() {
			t.Fatal("not closed 500 ms behind the first piece")
		}
		y := p.poll(1)
		time.Sleep(time.Second)
		if y.Over() {
			t.Error("closed although nothing was written")
		}
	})
}

func TestPollingAnswersAtOnceAndSaysWhenToComeBack(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "polling", "")
		x := p.poll(0)
		if !x.Over() || !strings.Contains(x.Body(), `handleCallback("b1",2000)`) {
			t.Fatalf("not answered at once: %q", x.Body())
		}
		time.Sleep(5 * time.Second)
		want(t, calls(t, p.poll(1).Body()), "1 updateCallers")
	})
}

func TestPiggybackRidesOnReplies(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "piggyback", "")
		if s := p.poll(0).Status(); s != http.StatusForbidden {
			t.Errorf("a poll was answered with %d", s)
		}
		time.Sleep(7 * time.Second)
		x := p.call("CallCentre.refresh", "[]")
		want(t, calls(t, x.Body()), "0 updateCallers", "1 updateCallers", "2 updateCallers")
		if !strings.Contains(x.Body(), `handleCallback("b2",{"value":true})`) {
			t.Errorf("no reply in %s", x.Body())
		}
	})
}

func TestEveryPageIsCalled(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		one, two := open(t, b, "comet", ""), open(t, b, "comet", "")
		x, y := one.poll(1), two.poll(1)
		time.Sleep(3100 * time.Millisecond) // call 1
		one.call("CallCentre.handle", "[1]")
		if body := two.call("CallCentre.handle", "[1]").Body(); !strings.Contains(body, errTaken.Error()) {
			t.Errorf("the second agent got the call: %s", body)
		}
		one.call("CallCentre.save", `[1,"call <back>"]`)
		one.call("CallCentre.complete", "[1]")
		if body := one.call("CallCentre.save", `[1,"x"]`).Body(); !strings.Contains(body, errHungUp.Error()) {
			t.Errorf("a call that is over was saved: %s", body)
		}
		for _, e := range []*demotest.Exchange{x, y} {
			want(t, calls(t, e.Body()), "1 updateCallers", "2 setDisabled", "3 updateCallers", "4 fade", "5 updateCallers")
			if !strings.Contains(e.Body(), `call \u003cback\u003e`) {
				t.Error("the notes are not shown")
			}
		}
	})
}

// sessionsOn mounts a servlet whose sessions the test can look into.
func sessionsOn(into **Sessions) func(*testing.T, *reference.Server) func() {
	return func(t *testing.T, srv *reference.Server) func() {
		t.Helper()
		s := stage.New(srv, base, 1)
		*into = NewSessions(s)
		v := &Servlet{stage: s, sessions: *into, loaded: func(*Session) {}}
		mux := http.NewServeMux()
		mux.HandleFunc(base+"call/plainpoll/ReverseAjax.dwr", v.Poll)
		mux.HandleFunc(base+"call/plaincall/{name}", v.Call)
		if err := srv.Mount(base, mux); err != nil {
			t.Fatal(err)
		}
		return func() {
			for _, open := range (*into).OfPage(centrePage) {
				open.Close()
			}
			s.Close()
		}
	}
}

func TestSessionsAreFoundByPageAndGroups(t *testing.T) {
	var sessions *Sessions
	demotest.Run(t, sessionsOn(&sessions), func(t *testing.T, b *demotest.Bench) {
		one, two := open(t, b, "comet", ""), open(t, b, "comet", "")
		sessions.Session(one.id).Join("red")
		sessions.Session(one.id).Join("blue")
		sessions.Session(two.id).Join("blue")
		count := func() string {
			return fmt.Sprint(len(sessions.OfPage(centrePage)), len(sessions.OfPage("other")), len(sessions.OfGroup("red")), len(sessions.OfGroup("blue")))
		}
		if got := count(); got != "2 0 1 2" {
			t.Errorf("page, other page, red, blue: %s", got)
		}
		sessions.Session(one.id).Leave("blue")
		if got := count(); got != "2 0 1 1" {
			t.Errorf("after leaving a group: %s", got)
		}
		two.call("__System.pageUnloaded", "[]")
		if got := count(); got != "1 0 1 0" {
			t.Errorf("after the page was left: %s", got)
		}
		if s := two.poll(0).Status(); s != http.StatusGone {
			t.Errorf("a session that is over was answered with %d", s)
		}
	})
}

func TestASilentPageIsGoneWithinAHeartbeat(t *testing.T) {
	var sessions *Sessions
	demotest.Run(t, sessionsOn(&sessions), func(t *testing.T, b *demotest.Bench) {
		p := open(t, b, "comet", "")
		x := p.poll(0)
		time.Sleep(45 * time.Second)
		if sessions.Session(p.id) == nil {
			t.Fatal("a page that holds a request was taken for gone")
		}
		x.Leave() // a closed tab
		time.Sleep(9 * time.Second)
		if sessions.Session(p.id) == nil {
			t.Error("gone at once: a page that comes back would lose its session")
		}
		time.Sleep(2 * time.Second)
		if sessions.Session(p.id) != nil {
			t.Error("still there after a heartbeat")
		}
	})
}

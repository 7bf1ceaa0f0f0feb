package conference

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/demotest"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/demo/conference/"

func demoOn(demo func(*stage.Stage) (http.Handler, error)) func(*testing.T, *reference.Server) func() {
	return demotest.Mount(path, demo)
}

// message is what the tests look at.
type message struct {
	Channel    string
	ClientID   string `json:"clientId"`
	Successful *bool
	Error      string
	Data       json.RawMessage
}

// browser is a page's session, by hand.
type browser struct {
	t          *testing.T
	b          *demotest.Bench
	id, cookie string
}

func (p *browser) send(messages string) *demotest.Exchange {
	p.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	if p.cookie != "" {
		header.Set("Cookie", p.cookie)
	}
	return p.b.Send(http.MethodPost, path+"bayeux", header, strings.ReplaceAll(messages, "CLIENT", p.id))
}

func read(t *testing.T, x *demotest.Exchange) []message {
	t.Helper()
	var all []message
	if err := json.Unmarshal([]byte(x.Body()), &all); err != nil {
		t.Fatalf("%d %s: %v", x.Status(), x.Body(), err)
	}
	return all
}

// enter shakes hands and subscribes.
func enter(t *testing.T, b *demotest.Bench, pattern string) *browser {
	t.Helper()
	p := &browser{t: t, b: b}
	x := p.send(`[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
	p.id = read(t, x)[0].ClientID
	p.cookie, _, _ = strings.Cut(x.Header().Get("Set-Cookie"), ";")
	if m := read(t, p.send(`[{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"`+pattern+`"}]`))[0]; m.Successful == nil || !*m.Successful {
		t.Fatalf("subscribe: %+v", m)
	}
	p.connect() // the first is answered at once
	return p
}

func (p *browser) connect() *demotest.Exchange {
	p.t.Helper()
	return p.send(`[{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`)
}

// drain takes what waits, without waiting.
func (p *browser) drain() []message {
	p.t.Helper()
	return read(p.t, p.send(`[{"channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}]`))
}

// publish returns the answer, in which deliveries may travel, and what waits
// behind it.
func (p *browser) publish(channel, data string) []message {
	p.t.Helper()
	answer := read(p.t, p.send(`[{"channel":"`+channel+`","clientId":"CLIENT","data":`+data+`}]`))
	return append(answer, p.drain()...)
}

// data are the deliveries among messages, of channels that begin so.
func data(all []message, channel string) []string {
	var out []string
	for _, m := range all {
		if strings.HasPrefix(m.Channel, channel) && m.Data != nil {
			out = append(out, string(m.Data))
		}
	}
	return out
}

func wantData(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestEveryPageSeesAVoteAtOnce(t *testing.T) {
	demotest.Run(t, demoOn(NewRater), func(t *testing.T, b *demotest.Bench) {
		one, two := enter(t, b, "/rater/r-/*"), enter(t, b, "/rater/r-/*")
		x := two.connect()
		time.Sleep(time.Second)
		if x.Answered() {
			t.Fatalf("the connect is not held: %s", x.Body())
		}
		one.publish("/service/rater/vote", `{"room":"","session":"comet","stars":5}`)
		wantData(t, data(read(t, x), "/rater/"), `{"session":"comet","stars":5,"votes":1}`)
		y := two.connect()
		one.publish("/service/rater/vote", `{"room":"","session":"comet","stars":3}`) // the same voter
		wantData(t, data(read(t, y), "/rater/"), `{"session":"comet","stars":3,"votes":1}`)
		z := one.connect()
		two.publish("/service/rater/vote", `{"room":"","session":"comet","stars":4}`)
		wantData(t, data(read(t, z), "/rater/r-/comet"), `{"session":"comet","stars":3.5,"votes":2}`)
	})
}

func TestWhoComesLaterIsToldAlone(t *testing.T) {
	demotest.Run(t, demoOn(NewRater), func(t *testing.T, b *demotest.Bench) {
		one := enter(t, b, "/rater/r-x/*")
		one.publish("/service/rater/vote", `{"room":"x","session":"polling","stars":2}`)
		late := enter(t, b, "/rater/r-x/*")
		answer := late.publish("/service/rater/all", `{"room":"x"}`)
		if got := data(answer, "/service/rater/all"); len(got) != 1 || !strings.Contains(got[0], `{"session":"polling","stars":2,"votes":1}`) || !strings.Contains(got[0], `{"session":"comet","stars":0,"votes":0}`) {
			t.Errorf("told %v", got)
		}
		if got := data(one.drain(), "/service/"); len(got) != 0 {
			t.Errorf("the others were told %v", got)
		}
	})
}

func TestPagesPublishToTheServiceOnly(t *testing.T) {
	demotest.Run(t, demoOn(NewRater), func(t *testing.T, b *demotest.Bench) {
		p := enter(t, b, "/rater/r-/*")
		for channel, body := range map[string]string{"/rater/r-/comet": `{"stars":5}`, "/service/rater/none": `{}`, "/elsewhere": `{}`} {
			if m := p.publish(channel, body)[0]; m.Successful == nil || *m.Successful || !strings.HasPrefix(m.Error, "403:") {
				t.Errorf("publishing to %s: %+v", channel, m)
			}
		}
		if m := read(t, p.send(`[{"channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/**"}]`))[0]; m.Successful == nil || *m.Successful {
			t.Errorf("subscribing to everything: %+v", m)
		}
		for _, vote := range []string{`{"session":"comet","stars":6}`, `{"session":"comet","stars":0}`, `{"session":"none","stars":1}`} {
			answer := p.publish("/service/rater/vote", vote)
			if got := data(answer, "/service/rater/vote"); len(got) != 1 || !strings.Contains(got[0], "error") || len(data(answer, "/rater/")) != 0 {
				t.Errorf("%s: told %v", vote, got)
			}
		}
	})
}

func TestVotesThatCanChangeAreBounded(t *testing.T) {
	room := make(ratings)
	for n := range maxVoters + 5 {
		room.vote("comet", fmt.Sprint(n), 1+n%2)
	}
	r := room.rated("comet")
	if r.Votes != maxVoters+5 || r.Stars < 1.49 || r.Stars > 1.51 || len(room["comet"].votes) > maxVoters {
		t.Errorf("%+v, %d may change", r, len(room["comet"].votes))
	}
}

func TestChatRemembers(t *testing.T) {
	demotest.Run(t, demoOn(NewChat), func(t *testing.T, b *demotest.Bench) {
		one, two := enter(t, b, "/chat/r-/*"), enter(t, b, "/chat/r-/*")
		x := two.connect()
		one.publish("/service/chat/say", `{"room":"","from":" Ada ","text":"hello"}`)
		wantData(t, data(read(t, x), "/chat/"), `{"number":1,"from":"Ada","text":"hello"}`)
		for n := range kept + 5 {
			one.publish("/service/chat/say", fmt.Sprintf(`{"room":"","from":"Ada","text":"%d"}`, n))
		}
		late := enter(t, b, "/chat/r-/*")
		answer := late.publish("/service/chat/all", `{"room":""}`)
		var all struct{ All []line }
		if err := json.Unmarshal([]byte(data(answer, "/service/")[0]), &all); err != nil || len(all.All) != kept || all.All[kept-1].Number != kept+6 {
			t.Errorf("%d lines, %v; want the newest %d", len(all.All), err, kept)
		}
		answer = one.publish("/service/chat/say", `{"room":"","from":"","text":"who?"}`)
		if got := data(answer, "/service/chat/say"); len(got) != 1 || !strings.Contains(got[0], "error") {
			t.Errorf("nobody said something: %v", got)
		}
	})
}

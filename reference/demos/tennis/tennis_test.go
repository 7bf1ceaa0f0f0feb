package tennis

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference/demos/demotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/demo/tennis/"

var demoOn = demotest.Mount(path, New)

// player is a page, by hand.
type player struct {
	t        *testing.T
	b        *demotest.Bench
	id, name string
	streams  int
}

var settings = regexp.MustCompile(`serverComet\.start\((.*)\);`)

func enter(t *testing.T, b *demotest.Bench) *player {
	t.Helper()
	x := b.Get(path + "serverComet.message?init=1")
	match := settings.FindStringSubmatch(x.Body())
	if match == nil {
		t.Fatalf("init: %d %s", x.Status(), x.Body())
	}
	var s struct{ ClientID, Name string }
	if err := json.Unmarshal([]byte(match[1]), &s); err != nil {
		t.Fatal(err)
	}
	return &player{t: t, b: b, id: s.ClientID, name: s.Name}
}

// stream opens an iframe behind message number after.
func (p *player) stream(after int) *demotest.Exchange {
	p.t.Helper()
	p.streams++
	return p.b.Get(fmt.Sprintf("%sserverComet.stream?streamId=%d&clientId=%s&after=%d", path, p.streams, p.id, after))
}

// send sends a message and returns the error that the user is shown.
func (p *player) send(message string) string {
	p.t.Helper()
	x := p.b.Get(path + "serverComet.message?streamId=1&clientId=" + p.id + "&message=" + url.QueryEscape(message))
	if x.Status() != http.StatusOK {
		return strings.TrimSpace(x.Body())
	}
	var answer struct{ Error string }
	if err := json.Unmarshal([]byte(x.Body()), &answer); err != nil {
		p.t.Fatal(err)
	}
	return answer.Error
}

type received struct {
	number int
	Type   string
	Game   string
	Side   string
	Text   string
	From   string
	Ball   [2]int
	Pads   [2]int
	Score  [2]int
}

var calls = regexp.MustCompile(`serverComet\.receive\((\d+),(.*)\)</script>`)

// messages are those of a stream, of the given types if any.
func messages(t *testing.T, x *demotest.Exchange, types ...string) []received {
	t.Helper()
	var out []received
	for _, m := range calls.FindAllStringSubmatch(x.Body(), -1) {
		var r received
		if err := json.Unmarshal([]byte(m[2]), &r); err != nil {
			t.Fatal(err)
		}
		r.number, _ = strconv.Atoi(m[1])
		if len(types) == 0 || slices.Contains(types, r.Type) {
			out = append(out, r)
		}
	}
	return out
}

// play lets two players meet.
func play(t *testing.T, test func(b *demotest.Bench, left, right *player, l, r *demotest.Exchange)) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		left, right := enter(t, b), enter(t, b)
		l, r := left.stream(0), right.stream(0)
		if e := left.send(`{"type":"create"}`); e != "" {
			t.Fatal(e)
		}
		game := messages(t, l, "created")[0].Game
		if e := right.send(`{"type":"join","game":"` + game + `"}`); e != "" {
			t.Fatal(e)
		}
		test(b, left, right, l, r)
	})
}

func TestCreatorIsLeftAndJoinerRight(t *testing.T) {
	play(t, func(_ *demotest.Bench, left, right *player, l, r *demotest.Exchange) {
		if m := messages(t, l, "playing"); len(m) != 1 || m[0].Side != "left" {
			t.Errorf("the creator: %+v", m)
		}
		if m := messages(t, r, "playing"); len(m) != 1 || m[0].Side != "right" {
			t.Errorf("the joiner: %+v", m)
		}
		left.send(`{"type":"pad","direction":"UP"}`)
		right.send(`{"type":"pad","direction":"DOWN"}`)
		time.Sleep(3 * time.Second)
		states := messages(t, l, "state")
		last := states[len(states)-1]
		if last.Pads != [2]int{padHeight / 2, courtHeight - padHeight/2} {
			t.Errorf("pads at %v after UP and DOWN", last.Pads)
		}
		if !slices.ContainsFunc(states, func(s received) bool { return s.Ball != states[0].Ball }) {
			t.Error("the ball does not move")
		}
		left.send(`{"type":"pad","direction":"STOP"}`)
	})
}

func TestSomebodyWins(t *testing.T) {
	play(t, func(_ *demotest.Bench, left, right *player, l, r *demotest.Exchange) {
		left.send(`{"type":"pad","direction":"UP"}`)
		right.send(`{"type":"pad","direction":"UP"}`)
		time.Sleep(time.Minute)
		if e := left.send(`{"type":"quit"}`); e != "" && e != errNoGame.Error() {
			t.Error(e)
		}
		over := messages(t, l, "over")
		if len(over) != 1 || len(messages(t, r, "over")) != 1 {
			t.Fatalf("not over once for both: %+v", over)
		}
		if states := messages(t, l, "state"); states[len(states)-1].Score == [2]int{} {
			t.Error("nobody scored in a minute with both pads in a corner")
		}
	})
}

func TestBusinessErrorsAreTold(t *testing.T) {
	play(t, func(b *demotest.Bench, left, right *player, _, _ *demotest.Exchange) {
		third := enter(t, b)
		for message, want := range map[string]error{
			`{"type":"join","game":"NONE"}`:       errUnknown,
			`{"type":"pad","direction":"UP"}`:     errNoGame,
			`{"type":"quit"}`:                     errNoGame,
			`{"type":"dance"}`:                    errNobody,
			`{"type":"tell","to":"x","text":"a"}`: nil,
		} {
			got := third.send(message)
			if want == nil && got != "x is not here" || want != nil && got != want.Error() {
				t.Errorf("%s: %q, want %v", message, got, want)
			}
		}
		if got := left.send(`{"type":"create"}`); got != errPlaying.Error() {
			t.Errorf("a second game: %q", got)
		}
		if got := right.send(`{"type":"pad","direction":"LEFT"}`); got != errMove.Error() {
			t.Errorf("sideways: %q", got)
		}
		if got := third.send(`not JSON`); !strings.HasPrefix(got, "message: want JSON") {
			t.Errorf("not JSON: %q", got)
		}
	})
}

func TestAThirdCannotJoin(t *testing.T) {
	play(t, func(b *demotest.Bench, left, _ *player, l, _ *demotest.Exchange) {
		game := messages(t, l, "created")[0].Game
		if got := enter(t, b).send(`{"type":"join","game":"` + game + `"}`); got != errFull.Error() {
			t.Errorf("a third player: %q", got)
		}
		if got := left.send(`{"type":"join","game":"` + game + `"}`); got != errOwn.Error() {
			t.Errorf("the creator: %q", got)
		}
	})
}

func TestQuitEndsForBoth(t *testing.T) {
	play(t, func(_ *demotest.Bench, left, right *player, l, r *demotest.Exchange) {
		if e := right.send(`{"type":"quit"}`); e != "" {
			t.Error(e)
		}
		for _, x := range []*demotest.Exchange{l, r} {
			if m := messages(t, x, "over"); len(m) != 1 || m[0].Text != right.name+" quit" {
				t.Errorf("told %+v", m)
			}
		}
		if e := left.send(`{"type":"create"}`); e != "" {
			t.Errorf("a new game: %s", e)
		}
	})
}

func TestAClosedTabIsAQuitWithinAHeartbeat(t *testing.T) {
	play(t, func(_ *demotest.Bench, left, right *player, l, r *demotest.Exchange) {
		r.Leave()
		time.Sleep(4 * time.Second)
		if len(messages(t, l, "over")) != 0 {
			t.Fatal("over at once: a page that renews its stream would lose its game")
		}
		time.Sleep(2 * time.Second)
		if m := messages(t, l, "over"); len(m) != 1 || m[0].Text != right.name+" left" {
			t.Errorf("told %+v", m)
		}
		if got := right.send(`{"type":"create"}`); !strings.Contains(got, "no such client") {
			t.Errorf("the client that left: %q", got)
		}
		if x := right.stream(0); x.Status() != http.StatusGone || !strings.Contains(x.Body(), "parent.serverComet.gone()") {
			t.Errorf("its stream: %d %s", x.Status(), x.Body())
		}
	})
}

func TestRecyclingLosesNothing(t *testing.T) {
	play(t, func(_ *demotest.Bench, left, _ *player, l, _ *demotest.Exchange) {
		time.Sleep(2 * time.Second)
		seen := messages(t, l)
		after := seen[len(seen)-3].number
		renewed := left.stream(after) // the new iframe comes while the old is there
		time.Sleep(time.Second)
		l.Leave()
		time.Sleep(6 * time.Second) // longer than a heartbeat
		if len(messages(t, renewed, "over")) != 0 {
			t.Fatal("the game did not outlive the old iframe")
		}
		numbers := map[int]int{}
		for _, m := range slices.Concat(messages(t, l), messages(t, renewed)) {
			numbers[m.number]++
		}
		last, doubles := 0, 0
		for n, times := range numbers {
			last = max(last, n)
			doubles += times - 1
		}
		if len(numbers) != last || doubles < 3 {
			t.Errorf("%d of %d messages, %d of them twice: want all, and those of both iframes twice", len(numbers), last, doubles)
		}
	})
}

func TestAThirdStreamReplacesTheOldest(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		p := enter(t, b)
		one, two, three := p.stream(0), p.stream(0), p.stream(0)
		if !one.Over() || two.Over() || three.Over() {
			t.Errorf("over: %v %v %v; want only the first", one.Over(), two.Over(), three.Over())
		}
	})
}

func TestToOneClientOrToAll(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		one, two, three := enter(t, b), enter(t, b), enter(t, b)
		xs := []*demotest.Exchange{one.stream(0), two.stream(0), three.stream(0)}
		one.send(`{"type":"tell","to":"` + two.name + `","text":"hello </script>"}`)
		two.send(`{"type":"tell","text":"all"}`)
		for i, want := range []string{"all", "hello </script> all", "all"} {
			var got []string
			for _, m := range messages(t, xs[i], "told") {
				got = append(got, m.Text)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("player %d was told %q, want %q", i+1, got, want)
			}
		}
	})
}

// link is a handler that writes down that it was asked.
type link struct {
	name    string
	accepts bool
	asked   *[]string
}

func (l link) Handle(*Client, Message) (bool, error) {
	*l.asked = append(*l.asked, l.name)
	return l.accepts, nil
}

func TestTheFirstHandlerThatAcceptsEndsTheChain(t *testing.T) {
	var asked []string
	chain := []Handler{link{"a", false, &asked}, link{"b", true, &asked}, link{"c", true, &asked}}
	if err := pass(chain, nil, Message{}); err != nil || strings.Join(asked, "") != "ab" {
		t.Errorf("asked %q, error %v; want a and b", asked, err)
	}
	if err := pass(chain[:1], nil, Message{}); err != errNobody {
		t.Errorf("nobody accepts: %v", err)
	}
}

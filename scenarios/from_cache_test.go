package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// An answer that the origin did not give came from a cache; a refusal that
// looks good, as Bayeux writes them, did not.
func TestFromCache(t *testing.T) {
	refused := measure.Event{Kind: measure.Failed, Status: 402, Sub: 2}
	gone := measure.Event{Kind: measure.Headers, Status: 410}
	for name, tt := range map[string]struct {
		e    played
		from bool
	}{
		"one for one":               {opened(), false},
		"two for one":               {opened().client(5, head), true},
		"a refusal that looks good": {opened().origin(4, refused).client(5, head), false},
		"a refusal and a copy":      {opened().origin(4, refused).client(5, gone).client(6, head), true},
	} {
		t.Run(name, func(t *testing.T) {
			if from := tt.e.FromCache(); from != tt.from {
				t.Errorf("from a cache: %t", from)
			}
		})
	}
}

// A session that is opened anew by an old answer is no other server's.
func TestSessionFromCache(t *testing.T) {
	anew := measure.Event{Kind: measure.Failed, Note: measure.SessionLost + ": the server opened it again"}
	second := accept
	second.Note = "technique=sockjs-jsonp cookie=yes nonce=n"
	asked := func() played { return opened().origin(2, second).client(3, head).client(4, anew) }
	c := streaming("sockjs-jsonp")
	found(t, judgeSession(c, asked().Evidence, nil), measure.Broken, "session-affinity")
	found(t, judgeSession(c, asked().client(5, head).Evidence, nil), measure.Broken, "cached")
	lost := func(p played) *Evidence {
		p = p.message("a", 10, -1)
		p.Released = p.at(3000)
		return p.client(3001, ended(measure.EndClean)).Evidence
	}
	found(t, judgeDelivery(c, lost(asked()), false), measure.Broken, "session-affinity")
	found(t, judgeDelivery(c, lost(asked().client(5, head)), false), measure.Broken, "cached")
}

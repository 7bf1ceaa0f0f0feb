package tabs

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference/demos/demotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var demoOn = demotest.Mount("/demo/tabs/", New)

func TestEachRoomIsToldOfItsOwnStreams(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		one, two, other := b.Get("/demo/tabs/stream?room=a"), b.Get("/demo/tabs/stream?room=a"), b.Get("/demo/tabs/stream")
		time.Sleep(1500 * time.Millisecond)
		for x, want := range map[*demotest.Exchange]string{one: `"streams":2}`, two: `"streams":2}`, other: `"streams":1}`} {
			if !strings.Contains(x.Body(), want) {
				t.Errorf("%s is not in %s", want, x.Body())
			}
		}
		two.Leave()
		time.Sleep(time.Second)
		if !strings.Contains(one.Body(), `{"news":2,"streams":1}`) {
			t.Errorf("a tab that left is still counted: %s", one.Body())
		}
		if s := b.Get("/demo/tabs/stream?room=a/b").Status(); s != http.StatusBadRequest {
			t.Errorf("a room of no such name: %d", s)
		}
	})
}

package resin

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos/demotest"
	"github.com/cometbench/cometbench/reference/demos/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/demo/resin-ticker/"

var demoOn = demotest.Mount(path, New)

func call(n int) string { return fmt.Sprintf("<script>parent.comet_update(%d)</script>\n", n) }

func TestTicksTenTimesAndIsClosedByTheServer(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(path + "comet")
		want := "<body>\n"
		for n := 1; n <= 10; n++ {
			if x.Body() != want {
				t.Fatalf("before tick %d: %q, want %q", n, x.Body(), want)
			}
			time.Sleep(2 * time.Second)
			want += call(n)
		}
		if !x.Over() || x.Body() != want+"</body>\n" {
			t.Errorf("over: %v, body %q", x.Over(), x.Body())
		}
	})
}

func TestTheTimerStopsWithItsRequest(t *testing.T) {
	demotest.Run(t, demoOn, func(t *testing.T, b *demotest.Bench) {
		x := b.Get(path + "comet")
		time.Sleep(3 * time.Second)
		x.Leave()
		if n := b.Server.Hub().Subscribers(path + "request"); n != 0 {
			t.Errorf("%d subscribers", n)
		}
	}) // a goroutine that ticks on would keep the stage from closing
}

// slow is a servlet whose resume waits until it is let go.
type slow struct {
	controller chan *Controller
	let        chan struct{}
	resumed    *atomic.Int32
}

func (s slow) Service(_ *http.Request, c *Controller) bool { s.controller <- c; return true }

func (s slow) Resume(c *Controller) bool {
	<-s.let
	s.resumed.Add(1)
	n, _ := c.Attribute("n").(int)
	_ = c.Call([]byte(fmt.Sprint(n)))
	return n < 9
}

// run serves with a slow servlet, whose controller the test gets.
func run(t *testing.T, test func(b *demotest.Bench, x *demotest.Exchange, s slow, c *Controller)) {
	var s slow
	mount := func(t *testing.T, srv *reference.Server) func() {
		s = slow{make(chan *Controller, 1), make(chan struct{}), new(atomic.Int32)}
		st := stage.New(srv, path, 1)
		err := srv.Mount(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Serve(st, s, w, r) }))
		if err != nil {
			t.Fatal(err)
		}
		return st.Close
	}
	demotest.Run(t, mount, func(_ *testing.T, b *demotest.Bench) {
		x := b.Get(path)
		test(b, x, s, <-s.controller)
	})
}

func TestWakesBeforeAResumeAreOne(t *testing.T) {
	run(t, func(_ *demotest.Bench, x *demotest.Exchange, s slow, c *Controller) {
		for n := 1; n <= 3; n++ {
			c.SetAttribute("n", n)
			c.Wake()
			if n == 1 {
				synctest.Wait() // the first resume is under way
			}
		}
		s.let <- struct{}{}
		s.let <- struct{}{}
		synctest.Wait()
		if n := s.resumed.Load(); n != 2 {
			t.Errorf("resumed %d times, want 2: for the first wake, and for the two during it", n)
		}
		if !strings.HasSuffix(x.Body(), call(3)+call(3)) {
			t.Errorf("a wake has no payload, the attribute has: %q", x.Body())
		}
	})
}

func TestCompleteEndsAndWakeSaysSo(t *testing.T) {
	run(t, func(_ *demotest.Bench, x *demotest.Exchange, _ slow, c *Controller) {
		c.Complete()
		if !x.Over() || x.Body() != "<body>\n</body>\n" || !c.Closed() {
			t.Errorf("over %v, closed %v: %q", x.Over(), c.Closed(), x.Body())
		}
		if c.Wake() {
			t.Error("a wake after the end was taken")
		}
	})
}

func TestALeavingClientClosesTheController(t *testing.T) {
	run(t, func(_ *demotest.Bench, x *demotest.Exchange, _ slow, c *Controller) {
		x.Leave()
		if !c.Closed() || c.Wake() {
			t.Error("the controller does not know that the client left")
		}
	})
}

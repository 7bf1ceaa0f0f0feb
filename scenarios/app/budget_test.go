package app_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cometbench/cometbench/scenarios/app"
)

func TestBudget(t *testing.T) {
	b := app.NewBudget(2)
	if b.Left() != 2 || b.Take() != nil || b.Take() != nil || b.Left() != 0 || b.Used() != 2 {
		t.Errorf("%d left, %d used", b.Left(), b.Used())
	}
	if err := b.Take(); !errors.Is(err, app.ErrBudget) || !strings.Contains(err.Error(), "2 of 2") || b.Used() != 2 {
		t.Errorf("%v, %d used", err, b.Used())
	}
	if any := new(app.Budget); any.Take() != nil || any.Left() != -1 {
		t.Error("the zero value has a limit")
	}
}

// TestBudgetIsShared: however many ask at once, through however many gateways
// and connections, the application is asked so often and no more.
func TestBudgetIsShared(t *testing.T) {
	const limit, gateways, paths, requests = 20, 3, 6, 4
	var asked atomic.Int32
	url := rawApp(t, func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			asked.Add(1)
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	spec, budget := &app.Spec{URL: url}, app.NewBudget(limit)
	if err := spec.Check(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var answered atomic.Int32
	var all []*app.Gateway
	for range gateways {
		g, err := app.NewGateway(spec, budget, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		all = append(all, g)
		for range paths {
			c := dial(t, g)
			wg.Go(func() {
				in := bufio.NewReader(c)
				for range requests { // one after the other on a connection
					if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
						return
					}
					if _, err := http.ReadResponse(in, nil); err != nil {
						return
					}
					answered.Add(1)
				}
			})
		}
	}
	wg.Wait()
	if asked.Load() != limit || answered.Load() != limit || budget.Used() != limit {
		t.Errorf("asked %d times, answered %d, counted %d, want %d", asked.Load(), answered.Load(), budget.Used(), limit)
	}
	over := 0
	for _, g := range all {
		if errors.Is(g.Err(), app.ErrBudget) {
			over++
		}
	}
	if over == 0 {
		t.Error("nobody was told")
	}
}

// TestBudgetOfPipelines: requests that wait on one connection are counted, too.
func TestBudgetOfPipelines(t *testing.T) {
	asked := make(chan int, 1)
	url := rawApp(t, func(_ net.Conn, in *bufio.Reader) {
		n := 0
		for {
			if _, err := http.ReadRequest(in); err != nil {
				asked <- n
				return
			}
			n++
		}
	})
	g := gateway(t, &app.Spec{URL: url}, 3)
	c := dial(t, g)
	_, _ = io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 100))
	if n := <-asked; n != 3 {
		t.Errorf("%d requests passed", n)
	}
	if err := g.Err(); !errors.Is(err, app.ErrBudget) {
		t.Error(err)
	}
}

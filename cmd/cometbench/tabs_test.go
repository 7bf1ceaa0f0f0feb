package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// tabsOf opens n tabs of one browser on the demo of tabs.
func tabsOf(t *testing.T, h house, n int, trick string) []measure.Tab {
	t.Helper()
	page := "/demo/tabs/?trick=" + trick + "&room=" + trick
	tabs := []measure.Tab{h.visit(t, page)}
	for range n - 1 {
		tab, err := tabs[0].Beside(h.ctx, h.url+page)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := tab.Close(); err != nil {
				t.Error(err)
			}
		})
		tabs = append(tabs, tab)
	}
	return tabs
}

func TestTabsAgainstTheConnectionLimit(t *testing.T) {
	h := demoHouse(t, 0.3)
	t.Run("none", func(t *testing.T) {
		tabs := tabsOf(t, h, 6, "none")
		for _, tab := range tabs {
			h.until(t, tab, "heard >= 3 && $('streams').textContent === '6'")
		}
		within, cancel := context.WithTimeout(h.ctx, 2*time.Second)
		defer cancel()
		if tab, err := tabs[0].Beside(within, h.url+"/demo/tabs/?trick=none&room=none"); err == nil {
			t.Error("a seventh tab was loaded: six connections are all there are")
			_ = tab.Close()
		}
	})
	t.Run("cookie", func(t *testing.T) {
		tabs := tabsOf(t, h, 7, "cookie")
		for _, tab := range tabs {
			h.until(t, tab, "heard >= 3 && $('streams').textContent === '1'")
		}
		for i, tab := range tabs { // the leader leaves, somebody else leads
			var leads bool
			if err := tab.Eval(h.ctx, "$('role').textContent === 'leader'", &leads); err != nil {
				t.Fatal(err)
			}
			if !leads {
				continue
			}
			if err := tab.Eval(h.ctx, "location.href = '/demo/'", nil); err != nil {
				t.Fatal(err)
			}
			next := tabs[(i+1)%len(tabs)]
			h.until(t, next, "(window.since ??= heard, heard >= since + 3) && $('streams').textContent === '1'")
			return
		}
		t.Error("nobody leads")
	})
	t.Run("hosts", func(t *testing.T) {
		for i, tab := range tabsOf(t, h, 8, "hosts") {
			h.until(t, tab, "heard >= 2 && $('streams').textContent === '8'")
			if err := tab.Until(h.ctx, fmt.Sprintf("$('role').textContent.startsWith('connected to %c.localhost')", 'a'+i)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("worker", func(t *testing.T) {
		for _, tab := range tabsOf(t, h, 7, "worker") {
			h.until(t, tab, "heard >= 2 && $('streams').textContent === '1' && $('role').textContent === 'served by the worker of 7'")
		}
	})
	t.Run("channel", func(t *testing.T) {
		tabs := tabsOf(t, h, 7, "channel")
		for i, tab := range tabs { // the first that is there leads
			role := map[bool]string{true: "leader", false: "follower"}[i == 0]
			h.until(t, tab, fmt.Sprintf("heard >= 2 && $('streams').textContent === '1' && $('role').textContent === '%s'", role))
		}
		if err := tabs[0].Eval(h.ctx, "location.href = '/demo/'", nil); err != nil {
			t.Fatal(err)
		}
		h.until(t, tabs[6], "(window.since ??= heard, heard >= since + 3) && $('streams').textContent === '1'")
	})
	t.Run("name", func(t *testing.T) {
		leader := tabsOf(t, h, 1, "name")[0]
		h.until(t, leader, "$('role').textContent === 'leader'")
		for n := 1; n <= 2; n++ { // a window is opened by a key that somebody pressed
			if err := leader.Eval(h.ctx, "($('another').focus(), true)", nil); err != nil {
				t.Fatal(err)
			}
			if err := leader.Press(h.ctx, "Enter"); err != nil {
				t.Fatal(err)
			}
			h.until(t, leader, fmt.Sprintf("followers.size === %d", n))
		}
		h.until(t, leader, "(window.since ??= heard, heard >= since + 2) && followers.size === 2 && $('streams').textContent === '1'")
	})
}

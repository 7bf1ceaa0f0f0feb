package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/reference/demos"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestLook(t *testing.T) {
	names := strings.Split(os.Getenv("LOOK"), ",")
	srv, _ := reference.New(reference.Config{})
	stop, err := demos.Mount(srv, demos.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	served := make(chan error, 1)
	sctx, scancel := context.WithCancel(context.Background())
	go func() { served <- srv.Serve(sctx, ln) }()
	defer func() { scancel(); <-served }()
	c, err := browsers.NewChromium(ctx, browsers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, n := range names {
		name, query, _ := strings.Cut(n, "?")
		tab, err := c.Open(ctx, measure.Target{URL: "http://" + ln.Addr().String() + "/demo/" + name + "?" + query})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		if js := os.Getenv("LOOK_JS"); js != "" {
			if err := tab.Eval(ctx, js, nil); err != nil {
				t.Error(err)
			}
			time.Sleep(3 * time.Second)
		}
		for _, w := range []int64{390, 1280} {
			for _, dark := range []bool{false, true} {
				if err := tab.Show(ctx, browsers.Look{Width: w, Height: 800, Dark: dark}); err != nil {
					t.Fatal(err)
				}
				var wide float64
				tab.Eval(ctx, "document.documentElement.scrollWidth", &wide)
				if int64(wide) > w {
					t.Errorf("%s is %v wide at %d", name, wide, w)
				}
				b, err := tab.Picture(ctx)
				if err != nil {
					t.Fatal(err)
				}
				os.WriteFile(fmt.Sprintf("/tmp/demolook/%s-%d-%v.png", strings.ReplaceAll(name, "/", "_"), w, dark), b, 0o644)
			}
		}
		fmt.Println(name, tab.Complaints(), tab.Foreign())
		tab.Close()
	}
}

package proxies

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fakeLink notes what is asked of it.
type fakeLink struct {
	p    *road
	fail error
}

func (l *fakeLink) drop() error { l.p.note("drop"); return l.fail }
func (l *fakeLink) pass() error { l.p.note("pass"); return nil }

// The outage begins with the first connection, and with that one alone.
func TestOutage(t *testing.T) {
	for _, c := range []struct {
		outage Outage
		close  time.Duration
		want   []string
	}{
		{Outage{}, time.Minute, []string{"1s drop"}},
		{Outage{After: 2 * time.Second}, time.Minute, []string{"3s drop"}},
		{Outage{For: 2 * time.Second}, time.Minute, []string{"1s drop", "3s pass"}},
		{Outage{After: 2 * time.Second, For: 5 * time.Second}, time.Minute, []string{"3s drop", "8s pass"}},
		{Outage{After: 2 * time.Second, For: 5 * time.Second}, 4 * time.Second, []string{"3s drop"}},
		{Outage{After: 2 * time.Second}, 2 * time.Second, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &road{t: t, net: newMemNet(), start: time.Now()}
			l := &outageListener{Listener: p.net.listen("hop"), link: &fakeLink{p: p}, outage: c.outage}
			accepted := make(chan struct{})
			go func() {
				defer close(accepted)
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					defer conn.Close()
				}
			}()
			for range 2 {
				time.Sleep(time.Second)
				conn, err := p.net.dial(context.Background(), "", "hop")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
			}
			time.Sleep(c.close - 2*time.Second)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			<-accepted
			time.Sleep(time.Hour)
			p.expect(c.want...)
			if err := l.failure(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A link that could not be cut is no path that lost packets.
func TestOutageFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &road{t: t, net: newMemNet(), start: time.Now()}
		l := &outageListener{Listener: p.net.listen("hop"), link: &fakeLink{p: p, fail: errors.New("no such device")}}
		go func() {
			if c, err := p.net.dial(context.Background(), "", "hop"); err == nil {
				c.Close()
			}
		}()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		l.Close()
		if err := l.failure(); err == nil || err.Error() != "outage: no such device" {
			t.Errorf("%v", err)
		}
	})
}

func TestOutageParameters(t *testing.T) {
	for spec, want := range map[string]string{
		"fault:blackhole(drop,if=first:1)":         "it takes no conditions",
		"fault:blackhole(after=2s)":                "after and for go with drop",
		"fault:blackhole(swallow,for=2s)":          "after and for go with drop",
		"fault:blackhole(drop,after=2s,for=1s)":    "",
		"fault:blackhole(drop)&latency(1ms)":       "",
		"fault:blackhole(swallow,if=method:POST)":  "",
		"fault:blackhole(drop)+fault:latency(1ms)": "",
	} {
		_, err := Parse(spec, ParseOptions{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}

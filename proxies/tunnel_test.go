package proxies

import (
	"context"
	"io"
	"net/url"
	"testing"
	"time"
)

// Tunnels: what CONNECT carries when it is not plain HTTP.
func TestBlindTunnel(t *testing.T) {
	hello := "\x16\x03\x01 client hello"
	for spec, want := range map[string][]string{
		"transparent":            {"1ms origin: " + hello, "1ms back", "5s origin: cut", "5s cut"},
		"fault:latency(200ms)":   {"1ms origin: " + hello, "201ms back", "5s origin: cut", "5.2s cut"},
		"fault:mute":             {"1ms origin: " + hello, "5s origin: cut", "5s cut"},
		"fault:blackhole":        {"5s origin: cut", "5s cut"},
		"fault:duration(2s)":     {"1ms origin: " + hello, "1ms back", "2s cut", "2s origin: cut"},
		"fault:buffer(close)":    {"1ms origin: " + hello, "1ms back", "5s origin: cut", "5s cut"},
		"fault:upgrade(kill)":    {"1ms origin: " + hello, "1ms back", "5s origin: cut", "5s cut"},
		"fault:max-bytes(2,rst)": {"1ms origin: " + hello, "1ms ba", "1ms reset", "1ms origin: cut"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byConnect, spec, func(t *testing.T, p *road) {
				l := p.net.listen(originAddr)
				go func() {
					c, err := l.Accept()
					if err != nil {
						return
					}
					time.Sleep(ms) // the hello is here first
					if spec != "fault:blackhole" {
						_, _ = io.WriteString(c, "back")
					}
					p.drainAs("origin: ", c)
					c.Close()
				}()
				c, r, _ := p.connect()
				_, _ = io.WriteString(c, hello)
				time.AfterFunc(5*time.Second, func() { closeWrite(c) })
				p.drain(r)
				c.Close()
				l.Close()
				p.close()
				p.expectSorted(want...)
			})
		})
	}
}

func TestTCPMode(t *testing.T) {
	for spec, want := range map[string][]string{
		"transparent":                      {"0s origin: ping", "0s pong", "1s origin: cut", "1s cut"},
		"fault:idle(after=500ms)":          {"0s origin: ping", "0s pong", "500ms cut", "500ms origin: cut"},
		"fault:idle(500ms,if=first:1)":     {"0s origin: ping", "0s pong", "500ms cut", "500ms origin: cut"},
		"fault:idle(500ms,unless=first:1)": {"0s origin: ping", "0s pong", "1s origin: cut", "1s cut"},
	} {
		t.Run(spec, func(t *testing.T) {
			bubble(t, byTCP, spec, func(t *testing.T, p *road) {
				l := p.net.listen(originAddr)
				go func() {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = io.WriteString(c, "pong")
					p.drainAs("origin: ", c)
					c.Close()
				}()
				c, r, _ := p.connect()
				_, _ = io.WriteString(c, "ping")
				time.AfterFunc(time.Second, func() { closeWrite(c) })
				p.drain(r)
				c.Close()
				l.Close()
				p.close()
				p.expectSorted(want...)
				if got := p.hop.Stats(); got.Hits != 1 || got.Accepted != 1 || got.Upstream != 1 {
					t.Errorf("stats %+v, want one of each", got)
				}
			})
		})
	}
}

func TestTCPModeResets(t *testing.T) {
	bubble(t, byTCP, "transparent", func(t *testing.T, p *road) {
		l := p.net.listen(originAddr)
		go func() {
			c, err := l.Accept()
			if err == nil {
				time.Sleep(time.Second)
				reset(c)
			}
		}()
		c, r, _ := p.connect()
		p.drain(r)
		c.Close()
		l.Close()
		p.close()
		p.expect("1s reset")
	})
}

func TestFaultsThatNeedHTTPRefuseTCPMode(t *testing.T) {
	for _, f := range Faults() {
		spec := "fault:" + f.Name
		if len(f.Provokes) > 0 {
			spec = "fault:" + f.Provokes[0].Spec
		}
		proxy, err := Parse(spec, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inst, err := proxy.Start(context.Background(), Env{Origin: mustURL("http://" + originAddr), Others: []*url.URL{mustURL("http://127.0.0.1:1")}, Mode: TCP})
		if err == nil {
			inst.Close()
		}
		can := false
		for _, m := range proxy.Capabilities().Modes {
			can = can || m == TCP
		}
		if can != (err == nil) {
			t.Errorf("%s: can do tcp: %t, start: %v", spec, can, err)
		}
	}
}

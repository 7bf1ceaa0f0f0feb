package scenarios

import (
	"context"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// ThisHost describes the machine that measures, as far as it can be told.
func ThisHost() measure.Host {
	h := measure.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
	if b, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control"); err == nil {
		h.CongestionControl = strings.TrimSpace(string(b))
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "MemTotal:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64)
				h.MemoryBytes = kb << 10
			}
		}
	}
	return h
}

// NoiseFloor measures what this machine itself adds: the delays of 20 messages
// over a direct event stream to the Go client. Delays in a report mean nothing
// below it. It is nil when it could not be measured,
// as with an origin that sends nothing on demand.
func NoiseFloor(ctx context.Context, o Origin) map[string]float64 {
	if !o.Can().Publish {
		return nil
	}
	tech, _ := measure.TechniqueByName("eventsource")
	client := clients.NewGo()
	defer client.Close()
	b := &Bench{Technique: tech, Client: client, Origin: o, HTTP: "1.1", Scale: 1, Nonce: "noise-" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	b.Route.Base, b.RootsPEM = o.URL(), o.Roots()
	x := b.open(ctx, "floor", url.Values{}, false)
	if x.attached(ctx) {
		x.schedule(ctx, 20, 20*time.Millisecond, smallMessage)
		x.settle(ctx, lingerWait)
	}
	e, err := x.finish(ctx)
	if err != nil || e.Counts().Received == 0 {
		return nil
	}
	d := delays(e.Arrivals())
	return map[string]float64{"delay_p50_ms": ms(quantile(d, .5)), "delay_p99_ms": ms(quantile(d, .99))}
}

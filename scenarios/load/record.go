package load

import (
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// usage is what the two sides use; nil where it cannot be told.
type usage struct{ server, generator *child.Usage }

// metered is an origin that knows what its process uses.
type metered interface{ Usage() (child.Usage, error) }

func (p *polling) usage() usage {
	var u usage
	if m, ok := p.o.Origin.(metered); ok {
		if s, err := m.Usage(); err == nil {
			u.server = &s
		}
	}
	if g, err := child.Measure(os.Getpid()); err == nil {
		if u.server != nil { // our child is in our own figures
			g.RSS -= u.server.RSS
			g.CPU -= u.server.CPU
		}
		u.generator = &g
	}
	return u
}

// record folds everything into the step's line.
func (p *polling) record(published int, before, after usage) measure.LoadRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	expected := p.expected(published)
	delivered := p.delivered.Load()
	v := map[string]float64{
		"published": float64(published), "expected": float64(expected), "received": float64(delivered),
		"lost": float64(max(0, expected-delivered+int64(p.doubled))), "duplicated": float64(p.doubled), "reordered": float64(p.disorder),
		"connections": float64(p.dials.Load()), "connections_open": float64(p.open.Load()),
		"requests": float64(p.metrics.Requests), "requests_failed": float64(p.failed.Load()),
		"requests_per_s": round(float64(p.metrics.Requests) / time.Since(p.started).Seconds()), "request_p50_ms": inMS(p.metrics.Latencies.P50), "request_p99_ms": inMS(p.metrics.Latencies.P99),
		"opened_per_s": round(float64(p.o.Subscribers) / p.opened.Seconds()),
	}
	if delivered > 0 {
		v["requests_per_message"] = round(float64(p.metrics.Requests) / float64(delivered))
		p.quantiles(v)
	}
	limited := "nothing"
	if before.server != nil && after.server != nil {
		v["server_rss_bytes"] = float64(after.server.RSS)
		v["server_cpu_s"] = round((after.server.CPU - before.server.CPU).Seconds())
	}
	if before.generator != nil && after.generator != nil {
		v["generator_rss_bytes"] = float64(after.generator.RSS)
		v["generator_cpu_s"] = round((after.generator.CPU - before.generator.CPU).Seconds())
	}
	if busy := v["generator_cpu_s"] + v["server_cpu_s"]; busy > 0.85*time.Since(p.started).Seconds()*float64(runtime.NumCPU()) {
		limited = "generator"
		if v["server_cpu_s"] > v["generator_cpu_s"] {
			limited = "server"
		}
	}
	return measure.LoadRecord{
		Type: measure.TypeLoad, Technique: p.o.Technique.Name, Proxy: p.o.Proxy,
		Subscribers: p.o.Subscribers, Agents: 1, ClockBoundMS: float64(p.o.Origin.Clock().BoundUS) / 1000,
		Values: v, LimitedBy: limited,
	}
}

// quantiles prints only those that the number of samples can carry.
func (p *polling) quantiles(v map[string]float64) {
	n := p.delay.TotalCount()
	for name, q := range map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p999": 99.9} {
		if float64(n)*(100-q)/100 >= 1 {
			v["delivery_"+name+"_ms"] = float64(p.delay.ValueAtQuantile(q)) / 1000
		}
	}
	v["delivery_max_ms"] = float64(p.delay.Max()) / 1000
	var spreads []int64
	for _, s := range p.spans {
		spreads = append(spreads, s.last-s.first)
	}
	slices.Sort(spreads)
	at := func(q float64) float64 {
		i := min(max(int(math.Ceil(q*float64(len(spreads))))-1, 0), len(spreads)-1)
		return float64(spreads[i]) / 1000
	}
	v["spread_p50_ms"], v["spread_p99_ms"] = at(.5), at(.99)
}

func inMS(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

func round(f float64) float64 { return math.Round(f*1000) / 1000 }

package load_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/load"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(t *testing.T, technique string) load.Options {
	t.Helper()
	origin, err := scenarios.InProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	tech, _ := measure.TechniqueByName(technique)
	return load.Options{Technique: tech, Proxy: "direct", Origin: origin, Subscribers: 30, Channels: 4, Rate: 40, Duration: time.Second, Interval: 200 * time.Millisecond}
}

func TestEveryMessageReachesEverySubscriber(t *testing.T) {
	for _, technique := range load.Techniques() {
		t.Run(technique, func(t *testing.T) {
			rec, err := load.Run(t.Context(), options(t, technique))
			if err != nil {
				t.Fatal(err)
			}
			v := rec.Values
			// 40 messages over 4 channels with 8, 8, 7 and 7 subscribers.
			if v["published"] != 40 || v["expected"] != 300 || v["received"] != 300 {
				t.Errorf("published %g, expected %g, received %g; want 40, 300, 300", v["published"], v["expected"], v["received"])
			}
			if v["lost"]+v["duplicated"]+v["reordered"]+v["requests_failed"] != 0 {
				t.Errorf("lost %g, doubled %g, out of order %g, failed requests %g", v["lost"], v["duplicated"], v["reordered"], v["requests_failed"])
			}
			if v["connections"] < 1 || v["connections"] > 60 {
				t.Errorf("%g connections for 30 subscribers", v["connections"])
			}
			if v["delivery_p50_ms"] <= 0 || v["delivery_max_ms"] < v["delivery_p50_ms"] {
				t.Errorf("delivery p50 %g ms, max %g ms", v["delivery_p50_ms"], v["delivery_max_ms"])
			}
			if _, ok := v["delivery_p999_ms"]; ok {
				t.Error("300 samples cannot carry p99.9")
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	o := options(t, "long-poll")
	o.Duration = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(time.Duration, int64) { cancel() }
	rec, err := load.Run(ctx, o)
	if !errors.Is(err, context.Canceled) || rec.Values["published"] < 1 {
		t.Errorf("error %v, record %v: want the record of what was done", err, rec.Values)
	}
}

func TestRefusals(t *testing.T) {
	good := options(t, "long-poll")
	stream, _ := measure.TechniqueByName("eventsource")
	for name, spoil := range map[string]func(*load.Options){
		"a stream":                func(o *load.Options) { o.Technique = stream },
		"no subscribers":          func(o *load.Options) { o.Subscribers = -1 },
		"more channels than ears": func(o *load.Options) { o.Channels = 31 },
		"no rate":                 func(o *load.Options) { o.Rate = -1 },
		"no body":                 func(o *load.Options) { o.Size = 1 },
	} {
		o := good
		spoil(&o)
		if _, err := load.Run(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

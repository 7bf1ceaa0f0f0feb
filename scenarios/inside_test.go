package scenarios_test

import (
	"testing"
	"time"

	"github.com/cometbench/cometbench/reference"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestInside(t *testing.T) {
	srv, err := reference.New(reference.Config{Record: true})
	if err != nil {
		t.Fatal(err)
	}
	o := scenarios.Inside(srv.Inside())
	defer o.Close()
	id, err := o.Publish(t.Context(), "c", time.Now(), "application/json", []byte(`{"n":1}`))
	if err != nil || id == "" {
		t.Fatalf("publish: %q, %v", id, err)
	}
	events, next, err := o.Record(t.Context(), "c", 0, time.Minute)
	if err != nil || next != 1 || len(events) != 1 || events[0].Kind != measure.Publish || events[0].ID != id {
		t.Fatalf("record: %+v, next %d, %v", events, next, err)
	}
	if err := o.Terminate(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Publish(t.Context(), "c", time.Now(), "application/json", []byte(`1`)); err == nil {
		t.Error("a terminated channel takes messages")
	}
}

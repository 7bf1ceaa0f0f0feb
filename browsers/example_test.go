package browsers_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// An origin on port 8080 serves the pages and the subscription.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := browsers.NewChromium(ctx, browsers.Options{})
	var missing *browsers.MissingError
	if errors.As(err, &missing) {
		fmt.Println("install", missing.Package)
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	err = client.Subscribe(ctx, measure.Subscription{
		Technique: "eventsource",
		Target:    measure.Target{URL: "http://127.0.0.1:8080/t/eventsource?channel=c"},
	}, func(e measure.Event) {
		fmt.Println(e.Kind, e.ID)
	})
	if err != nil {
		fmt.Println(err) // the browser itself failed
	}
}

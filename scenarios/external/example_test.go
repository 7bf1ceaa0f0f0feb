package external_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cometbench/cometbench/scenarios/external"
)

// What a program reports while it receives.
func Example() {
	kit, err := external.Install(context.Background(), "")
	if err != nil {
		log.Fatal(err)
	}
	cometd, _ := external.ByName("cometd")
	process, err := kit.Start(cometd, external.Run{
		URL: "http://127.0.0.1:8080/bayeux", Transport: "long-polling", Options: external.Options{Subscribe: []string{"/hub/demo"}},
	}, func(e external.Event) { fmt.Println(e.Event, e.Transport, e.Why) })
	if err != nil {
		log.Fatal(err)
	}
	defer process.Kill()
	<-process.Done()
}

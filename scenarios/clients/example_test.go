package clients_test

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/clients"
)

// A decoder is fed what arrives, in whatever pieces, and says what it made of it.
func ExampleNewDecoder() {
	dec, err := clients.NewDecoder("eventsource", clients.Params{})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(it clients.Item) { fmt.Println(it.Kind, it.ID, string(it.Data)) }
	for _, piece := range []string{
		`data: {"channel":"news","id":"e7k2-41","sent_us":1,`,
		"\"data\":\"hello\"}\nid: e7k2-41\n",
		"\n",
		`data: {"channel":"news",`,
	} {
		if err := dec.Feed([]byte(piece), show); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(dec.End(show))
	// Output:
	// message e7k2-41 "hello"
	// ended within a message, after 24 bytes of an event
}

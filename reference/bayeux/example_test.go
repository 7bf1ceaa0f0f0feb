package bayeux_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/cometbench/cometbench/reference/bayeux"
)

// A server with a client inside the process that hears what is said in any
// room, as remote ones do.
func Example() {
	server, err := bayeux.New(bayeux.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	http.NewServeMux().Handle("/bayeux/", server)

	host, err := server.NewLocal("host-", func(d bayeux.Delivery) {
		fmt.Printf("%s: %s\n", d.Channel, d.Data)
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Subscribe("/room/*", host); err != nil {
		log.Fatal(err)
	}
	if err := server.Publish(nil, "/room/blue", []byte(`{"say": "welcome"}`), ""); err != nil {
		log.Fatal(err)
	}
	// Output:
	// /room/blue: {"say":"welcome"}
}

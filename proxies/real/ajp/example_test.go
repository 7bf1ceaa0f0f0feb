package ajp_test

import (
	"fmt"
	"net/url"

	"github.com/cometbench/cometbench/proxies/real/ajp"
)

func ExampleListen() {
	origin, err := url.Parse("http://127.0.0.1:8080")
	if err != nil {
		fmt.Println(err)
		return
	}
	adapter, err := ajp.Listen("127.0.0.1:0", origin)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer adapter.Close()
	// worker.origin.type=ajp13, with the host and port of adapter.Addr(), is
	// what mod_jk has to be told.
	fmt.Println(adapter.Addr() != "")
	// Output: true
}

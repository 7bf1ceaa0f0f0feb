package reference_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cometbench/cometbench/reference"
)

func Example() {
	server, err := reference.New(reference.Config{
		Epoch: "e7k2",
		Now:   func() time.Time { return time.UnixMicro(1700000000000000) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(context.Background(), ln) }()

	base := "http://" + ln.Addr().String()
	resp, err := http.Post(base+"/publish?channel=news", "application/json", strings.NewReader(`{"n": 1}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	resp, err = http.Get(base + "/t/short-poll?channel=news")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Println(string(body))

	http.DefaultClient.CloseIdleConnections()
	fmt.Println(server.Shutdown(context.Background()), <-done)
	// Output:
	// [{"channel":"news","id":"e7k2-1","sent_us":1700000000000000,"data":{"n":1}}]
	// <nil> <nil>
}

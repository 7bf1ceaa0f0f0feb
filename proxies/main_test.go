package proxies

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if origin := os.Getenv("COMETBENCH_TEST_HOP"); origin != "" {
		os.Exit(runHop(origin))
	}
	goleak.VerifyTestMain(m)
}

// runHop is a transparent hop in a process of its own, which ends with its
// standard input.
func runHop(origin string) int {
	proxy, err := Parse("transparent", ParseOptions{})
	if err == nil {
		var inst Instance
		if inst, err = proxy.Start(context.Background(), Env{Origin: mustURL(origin), Mode: Reverse}); err == nil {
			fmt.Println(inst.Route().Base.Host)
			_, _ = io.Copy(io.Discard, os.Stdin)
			err = inst.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

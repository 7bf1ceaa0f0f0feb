package reports_test

import (
	"fmt"
	"os"

	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios/measure"
)

func ExampleText() {
	labels := measure.Labels{Technique: "eventsource", Proxy: "real:nginx", Client: "go", HTTP: "1.1"}
	run := &measure.Run{ // usually measure.Read(dir)
		Record: measure.RunRecord{ID: "example", Host: measure.Host{OS: "linux", CPUs: 2}},
		Cells:  []measure.CellRecord{{Labels: labels, Verdict: measure.Broken, Cause: "hold-last"}},
		End:    &measure.EndRecord{Complete: true},
	}
	if err := reports.Text(os.Stdout, []*measure.Run{run}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 broken of 1 judged cell.
	// 1 cell: 1 technique through 1 proxy, received by 1 client. 1 broken.
	// Run example, an unknown time, linux, 2 CPUs.
	//
	// Client go
	//
	//              real:nginx
	// eventsource  ✗ hold-last
	//
	// Why, worst first
	//
	// ✗ hold-last: 1 broken
	//     The path is always one message behind: the last piece waits for the next.
	//     real:nginx: eventsource
	//     → Send a heartbeat or padding right after each message, or turn dynamic
	//       compression off for this type.
	//
	// What to use
	//
	//   real:nginx: nothing works with every client that was tried.
}

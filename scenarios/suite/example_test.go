package suite_test

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

func ExampleParse() {
	s, err := suite.Parse("streaming.yaml", []byte("matrix: {techniques: [eventsource]}\nexpect: [{verdict: works}]"), suite.Known{})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := measure.Labels{Technique: "eventsource", Proxy: "real:nginx", Client: "go"}
	gate := s.Expected([]*measure.Result{{CellRecord: measure.CellRecord{Labels: l, Verdict: measure.Broken, Cause: "buffered"}}})
	fmt.Println(gate.Failed[0])

	_, err = suite.Parse("streaming.yaml", []byte("matrix: {techniques: [eventsorce]}"), suite.Known{})
	fmt.Println(err)
	// Output:
	// eventsource via real:nginx (go): broken because buffered; expected works (streaming.yaml:2)
	// streaming.yaml:1:23: unknown technique "eventsorce"; did you mean "eventsource"?
}

package real_test

import (
	"fmt"

	"github.com/cometbench/cometbench/proxies/real"
)

func ExampleParse() {
	for _, spec := range []string{"real:nginx", "real:nginx/streaming", "real:ngnix"} {
		p, err := real.Parse(spec)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(p.Name(), "speaks HTTP", p.Capabilities().Back, "to the origin")
	}
	// Output:
	// real:nginx speaks HTTP [1.0] to the origin
	// real:nginx/streaming speaks HTTP [1.1] to the origin
	// unknown real proxy "ngnix"; did you mean nginx?
}

package claims

import (
	"context"
	"fmt"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

const (
	twelve = 12
	// twelveWait is how long the iframes may take to be taken on by the server:
	// those that find a connection take some tens of milliseconds.
	twelveWait = 2500 * time.Millisecond
)

// TwelveIframes asks whether a browser counts connections by host or by path.
func TwelveIframes() Claim {
	return Claim{
		Name: "twelve-iframes", Sentence: "Twelve iframes on twelve paths of one host escape the limit of connections",
		Source:   handedDown,
		Measured: fmt.Sprintf("Chromium opens twelve iframes, each a stream that does not end; the server counts those that reach it within %s: on one path, on twelve paths, on twelve names of the host, each for itself", twelveWait),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			origin, err := l.origin(ctx)
			if err != nil {
				return Answer{}, err
			}
			opened := map[string]int{}
			ways := []string{"path", "paths", "names"}
			for _, way := range ways {
				n, missing, err := l.iframes(ctx, origin, way)
				if err != nil || missing != nil {
					return orEmpty(missing), err
				}
				opened[way] = n
			}
			if opened["path"] == 0 || opened["names"] == 0 {
				return untested("a page in Chromium opened %d streams on one path and %d on twelve names: the measurement shows nothing", opened["path"], opened["names"]), nil
			}
			return Answer{
				Answer: holds(opened["paths"] == twelve),
				Got:    fmt.Sprintf("%d of 12 streams are open on twelve paths, %d on one path, %d on twelve names of the host: a browser counts by host", opened["paths"], opened["path"], opened["names"]),
				Values: map[string]float64{"one_path": float64(opened["path"]), "twelve_paths": float64(opened["paths"]), "twelve_names": float64(opened["names"])},
				Rows: []string{fmt.Sprintf("one path: %d open", opened["path"]), fmt.Sprintf("twelve paths: %d open", opened["paths"]),
					fmt.Sprintf("twelve names under localhost: %d open", opened["names"])},
			}, nil
		},
	}
}

// iframes opens them and counts those that the origin has taken on.
func (l *Lab) iframes(ctx context.Context, origin scenarios.Origin, way string) (opened int, missing *Answer, err error) {
	channel := name("twelve")
	address := map[string]string{
		"path": fmt.Sprintf("%q + i", stream("forever-iframe", channel)),
		// A session of SockJS has a path of its own, and its htmlfile is an iframe
		// that never ends.
		"paths": fmt.Sprintf("'/sockjs/hub/000/%s' + i + '/htmlfile?c=comet&channel=%s'", channel, channel),
		"names": fmt.Sprintf("'http://' + 'abcdefghijkl'[i] + '.localhost:' + location.port + %q + i", stream("forever-iframe", channel)),
	}[way]
	missing, err = l.onPage(ctx, origin, "", func(ctx context.Context, tab measure.Tab) error {
		err := tab.Eval(ctx, fmt.Sprintf(`(() => {
			window.cometbench = () => {};
			window.comet = {start() {}, message() {}, stop() {}};
			for (let i = 0; i < %d; i++) {
				const f = document.createElement('iframe');
				f.src = %s;
				document.body.append(f);
			}
		})()`, twelve, address), nil)
		if err != nil {
			return err
		}
		for deadline := time.Now().Add(twelveWait); time.Now().Before(deadline) && opened < twelve; {
			if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
				return err
			}
			if opened, err = streams(ctx, origin, channel); err != nil {
				return err
			}
		}
		return nil
	})
	return opened, missing, err
}

func orEmpty(a *Answer) Answer {
	if a == nil {
		return Answer{}
	}
	return *a
}

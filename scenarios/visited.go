package scenarios

import (
	"fmt"
	"net/url"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Visited is the way by which somebody's browser came to the origin by itself.
// Nothing of it can be started, counted or gone around, so that its cells have
// no control: what a small plain request takes along it, there and back, stands
// for one. base is where the origin is found along it; name is its label; works
// reports whether a technique is known already to work along it.
func Visited(name string, base *url.URL, roundTrip time.Duration, works func(technique string) bool) Path {
	return Path{Proxy: visitedPath{viaPath{Via{Name: name, URL: base}}, roundTrip, works}, Mode: proxies.Reverse}
}

// visitedPath is such a way as a proxy.
type visitedPath struct {
	viaPath
	roundTrip time.Duration
	works     func(technique string) bool
}

// visited returns p as a visitor's, if it is one.
func visited(p Path) (visitedPath, bool) {
	v, is := p.Proxy.(visitedPath)
	return v, is
}

// heldByVisitor finds that messages wait in a visitor's browser: along the same
// way another technique gets the same content type through in time. Chromium
// for one shows a growing text document in steps that double.
func heldByVisitor(c cell, rec *judged) {
	v, is := visited(c.path)
	if !is || !heldBack(rec.Cause) {
		return
	}
	for _, t := range measure.Techniques() {
		if t.Name != c.technique.Name && t.Class == c.technique.Class && t.Type == c.technique.Type && v.works(t.Name) {
			rec.Cause = "browser-throttle"
			rec.Got += fmt.Sprintf("; %s, which is of the same type, comes through in time, so it is the browser that waits", t.Name)
			return
		}
	}
}

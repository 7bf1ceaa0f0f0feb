package reports

import (
	"fmt"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// techniqueView is one technique over all paths.
type techniqueView struct {
	Name, Anchor, Class, Alias string
	Tally                      []tallyItem
	Example                    *link // its drawn working cell
	Ways                       []wayThrough
}

// wayThrough is the proxies through which it came out in one way.
type wayThrough struct {
	mark
	Places []placeView
}

func newTechniques(r *result, d *details) []techniqueView {
	byTechnique := map[string][]*cell{}
	for _, c := range r.cells {
		byTechnique[c.Technique] = append(byTechnique[c.Technique], c)
	}
	out := make([]techniqueView, 0, len(r.techniques))
	for i, name := range r.techniques {
		v := techniqueView{Name: clean(name), Anchor: fmt.Sprintf("t%d", i+1)}
		if row, ok := measure.TechniqueByName(name); ok {
			v.Class = classMeans(row.Class)
		}
		v.Alias = aliases[name]
		if c := d.example[name]; c != nil {
			v.Example = &link{anchorOf(c), "via " + clean(c.Proxy) + " (" + groupOf(c.Labels).title() + ")"}
		}
		for _, verdict := range verdictOrder {
			way := wayThrough{mark: markOf(verdict)}
			n := 0
			for _, c := range byTechnique[name] {
				if c.Verdict != verdict {
					continue
				}
				n++
				way.Places = addPlace(way.Places, c)
			}
			if n > 0 {
				v.Tally = append(v.Tally, tallyItem{markOf(verdict), n})
				v.Ways = append(v.Ways, way)
			}
		}
		out = append(out, v)
	}
	return out
}

// addPlace adds a cell to the place of its proxy.
func addPlace(places []placeView, c *cell) []placeView {
	text := groupOf(c.Labels).title()
	if c.Cause != "" {
		text += ": " + clean(c.Cause)
	}
	l := link{anchorOf(c), text}
	for i := range places {
		if places[i].Proxy == clean(c.Proxy) {
			places[i].Links = append(places[i].Links, l)
			return places
		}
	}
	return append(places, placeView{clean(c.Proxy), []link{l}})
}

func classMeans(c measure.Class) string {
	return map[measure.Class]string{
		measure.ClassPoll:   "each request is answered at once",
		measure.ClassHeld:   "each request is held until there is something to say",
		measure.ClassStream: "one answer carries many messages",
		measure.ClassSocket: "both ways, over a connection of its own",
	}[c]
}

package scenarios_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// namedCell is what became of one technique behind a fault.
type namedCell struct {
	provocation
	technique measure.Technique
	verdict   measure.Verdict
	named     string // its cause
	got       string // why, in words
	beside    bool   // named by a check that leaves the cell as it is
}

// explain takes what the cell's checks say of its cause. What concerns no
// message that comes down is named by a check alone.
func (n *namedCell) explain(checks []measure.CheckRecord) {
	for _, k := range checks {
		bad := k.Verdict == measure.Degraded || k.Verdict == measure.Broken
		if n.verdict == measure.Works && k.Kind == measure.Observe && bad && k.Cause == n.cause {
			n.named, n.beside = k.Cause, true
		}
		if bad && k.Cause == n.named && n.named != "" {
			n.got = fmt.Sprintf("%s: %s", k.Check, k.Got)
			return
		}
	}
}

// right reports whether what the cell says is true: the provoked cause, another
// name for the same, or that it works where the fault does no harm.
func (n namedCell) right() bool {
	if n.verdict == measure.Works && !n.beside {
		return !n.breaks(n.technique)
	}
	return n.named == n.cause || n.alsoRight() != ""
}

// alsoRight is why another name than the provoked cause's is as right; "" when
// it is not.
func (n namedCell) alsoRight() string {
	t := n.technique
	finer, _ := measure.CauseByID(n.cause)
	switch {
	case n.named == "buffer-until-close" && n.cause == "method-dependent" && !slices.Contains(t.Variants, "post"):
		return "can be asked by one method only, so that nobody sees that the other would pass"
	case n.named == "buffer-until-close" && n.cause == "content-type-dependent" && t.Session != "":
		return "has the type that its protocol says, so that nobody sees that another would pass"
	case n.named == "buffered" && finer.Refines == "buffered" && t.EndsItself:
		return "ends its answers so soon that no more can be seen than that they are held"
	case n.named == "truncated" && n.spec == "fault:broken-off(page)" && t.Type == "text/html":
		return "a page shows no error page that is written into it, and takes its end for a proper one"
	case n.named == "max-duration" && n.cause == "truncated" && (t.Name == "content-length-stream" || sockets(t)):
		return "a declared length that was not reached, or a socket without a close frame, does not look like a proper end"
	case n.named == "upgrade-one-way" && n.cause == "half-open" && sockets(t):
		return "a socket that carries nothing down passes one way"
	case n.named == "upgrade-mute" && (n.cause == "half-open" || n.cause == "upgrade-one-way") && t.Name == "sockjs-websocket":
		return "its client here sends nothing up, so that nobody sees that this way passes"
	case n.named == "upgrade-refused" && n.cause == "error-page" && sockets(t):
		return "the path's own answer to a request to upgrade refuses the upgrade"
	}
	return ""
}

// confusion counts which causes are named for which.
type confusion struct {
	rows     map[string]map[string]int
	right    int
	confused []namedCell // another cause, or trouble where there is none
	missed   []namedCell // broken, and said to work
	unjudged []namedCell // no answer at all
	also     []namedCell // alsoRight
}

func (c *confusion) add(n namedCell) {
	if n.verdict == measure.Unsupported {
		return
	}
	if !n.verdict.Counts() {
		c.unjudged = append(c.unjudged, n)
		return
	}
	name := n.named
	works := n.verdict == measure.Works && !n.beside
	if works {
		name = "works"
	}
	if c.rows == nil {
		c.rows = map[string]map[string]int{}
	}
	if c.rows[n.cause] == nil {
		c.rows[n.cause] = map[string]int{}
	}
	c.rows[n.cause][name]++
	switch {
	case works && n.right():
	case works:
		c.missed = append(c.missed, n)
	case n.right():
		c.right++
		if n.named != n.cause {
			c.also = append(c.also, n)
		}
	default:
		c.confused = append(c.confused, n)
	}
}

// share is the percentage of the cells with trouble that name what was
// provoked.
func (c *confusion) share() float64 {
	wrong := len(c.confused) + len(c.missed) + len(c.unjudged)
	return 100 * float64(c.right) / float64(max(c.right+wrong, 1))
}

// markdown is the table, with a line for each cell that is off the diagonal.
func (c *confusion) markdown() string {
	var b strings.Builder
	b.WriteString("# Which cause is named for which fault\n\n" +
		"Each fault that provokes a cause of the closed table, in front of every technique, received by the Go client: `make confusion`.\n" +
		"Asked is what `cometbench run --proxy 'fault:…'` asks. Techniques that a fault leaves alone work. What concerns no message that comes down\n" +
		"(request-buffered) is named by its check and leaves the cell as it is. Beside the faults stand paths that do no harm, and may be blamed for\n" +
		"nothing; latency, which no cause of the table stands for; origins that are slow or starved, and models of browsers, which are not the path.\n\n")
	fmt.Fprintf(&b, "Of %d cells with trouble %.1f %% name what was provoked. %d cells that a fault breaks are said to work, %d have no verdict.\n\n",
		c.right+len(c.confused)+len(c.missed)+len(c.unjudged), c.share(), len(c.missed), len(c.unjudged))
	if works, all := c.rows[nothing]["works"], 0; works > 0 {
		for _, n := range c.rows[nothing] {
			all += n
		}
		fmt.Fprintf(&b, "Of %d cells behind what does no harm %d work.\n\n", all, works)
	}
	b.WriteString("| provoked | named | works | other names |\n|---|---|---|---|\n")
	for _, cause := range slices.Sorted(maps.Keys(c.rows)) {
		row := maps.Clone(c.rows[cause])
		own, works := row[cause], row["works"]
		delete(row, cause)
		delete(row, "works")
		var others []string
		for _, n := range slices.SortedFunc(maps.Keys(row), func(a, b string) int { return cmp.Or(row[b]-row[a], cmp.Compare(a, b)) }) {
			others = append(others, fmt.Sprintf("%s %d", n, row[n]))
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", cause, own, works, strings.Join(others, ", "))
	}
	notInTheTable(&b)
	c.list(&b, "Another name for the same", c.also, namedCell.alsoRight)
	c.list(&b, "Confusions", c.confused, func(n namedCell) string { return n.got })
	c.list(&b, "Said to work", c.missed, func(namedCell) string { return "" })
	c.list(&b, "Without a verdict", c.unjudged, func(n namedCell) string { return string(n.verdict) + ": " + n.got })
	return b.String()
}

// notInTheTable lists what was not asked, and why.
func notInTheTable(b *strings.Builder) {
	b.WriteString("\n## Not in the table\n\n| what | why |\n|---|---|\n")
	for _, list := range []struct {
		word string
		why  map[string]string
	}{{"cause", noFault}, {"fault", elsewhere}, {"technique", noPath}} {
		for _, name := range slices.Sorted(maps.Keys(list.why)) {
			fmt.Fprintf(b, "| the %s %s | %s |\n", list.word, name, list.why[name])
		}
	}
}

func (c *confusion) list(b *strings.Builder, title string, cells []namedCell, why func(namedCell) string) {
	if len(cells) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| fault | technique | named | why |\n|---|---|---|---|\n", title)
	for _, n := range cells {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", n.where(), n.technique.Name, cmp.Or(n.named, "nothing"), strings.ReplaceAll(why(n), "|", "\\|"))
	}
}

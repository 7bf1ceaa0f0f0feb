package scenarios_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// confusionFile is where `make confusion` leaves its table.
const confusionFile = "COMETBENCH_CONFUSION"

// provocation is one fault in front of every technique.
type provocation struct {
	cause, spec string
	mode        proxies.Mode
}

// TestConfusion walks the closed table: each fault in front of each technique,
// and the cause that a run names. A technique that the fault does not touch
// works; another cause than the fault's is a confusion. It takes minutes, so
// it runs by `make confusion` only, and writes the table.
func TestConfusion(t *testing.T) {
	file := os.Getenv(confusionFile)
	if file == "" {
		t.Skip("make confusion runs it, and writes docs/confusion.md")
	}
	origin, err := scenarios.InProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	rows := map[string]map[string]int{}
	var confused []string
	right, wrong := 0, 0
	for _, p := range provocations() {
		for _, c := range confuse(t, origin, p) {
			named := c.Cause
			if !c.Verdict.Counts() {
				continue
			}
			if c.Verdict == measure.Works {
				named = "works"
			}
			if rows[p.cause] == nil {
				rows[p.cause] = map[string]int{}
			}
			rows[p.cause][named]++
			switch {
			case named == p.cause || alsoRight(p, named):
				right++
			case named != "works":
				wrong++
				confused = append(confused, fmt.Sprintf("| `%s` | %s | %s | %s |", p.spec, c.Technique, p.cause, named))
			}
		}
	}
	share := 100 * float64(right) / float64(max(right+wrong, 1))
	var b strings.Builder
	fmt.Fprintf(&b, "# Which cause is named for which fault\n\nEvery fault that provokes a cause, in front of every technique, by the Go client (`make confusion`).\n")
	fmt.Fprintf(&b, "Of %d cells with trouble %.1f %% name the cause that was provoked. \"works\" are techniques that the fault does not touch.\n\n", right+wrong, share)
	b.WriteString("| provoked | named |\n|---|---|\n")
	for _, cause := range slices.Sorted(maps.Keys(rows)) {
		var named []string
		for _, n := range slices.SortedFunc(maps.Keys(rows[cause]), func(a, b string) int {
			return cmp.Or(rows[cause][b]-rows[cause][a], cmp.Compare(a, b))
		}) {
			named = append(named, fmt.Sprintf("%s %d", n, rows[cause][n]))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", cause, strings.Join(named, ", "))
	}
	b.WriteString("\n## Confusions\n\n| fault | technique | provoked | named |\n|---|---|---|---|\n" + strings.Join(append(confused, ""), "\n"))
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d right, %d wrong: %.1f %%", right, wrong, share)
	if share < 97 {
		t.Errorf("%.1f %% on the diagonal, want 97", share)
	}
}

// alsoRight lists causes that a fault brings about besides its own: a page
// with status 503 says that there are too many.
func alsoRight(p provocation, named string) bool {
	return p.cause == "buffered" && named != "" && slices.ContainsFunc(measure.Causes(), func(c measure.Cause) bool {
		return c.ID == named && c.Refines == "buffered"
	})
}

// provocations are those of the table that one origin over HTTP/1.1 can show.
func provocations() []provocation {
	elsewhere := map[string]string{
		"h2-reset": "needs HTTP/2", "session-affinity": "needs two origins", "tls-intercepted": "needs TLS",
	}
	var out []provocation
	for _, f := range proxies.Faults() {
		for _, p := range f.Provokes {
			if elsewhere[p.Cause] != "" || strings.HasPrefix(p.Spec, "blackhole(drop") {
				continue
			}
			out = append(out, provocation{cause: p.Cause, spec: "fault:" + p.Spec})
		}
	}
	return out
}

func confuse(t *testing.T, origin scenarios.Origin, p provocation) []measure.CellRecord {
	t.Helper()
	proxy, err := proxies.Parse(p.spec, proxies.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mode := proxies.Reverse
	if modes := proxy.Capabilities().Modes; !slices.Contains(modes, mode) {
		mode = modes[0]
	}
	var checks []scenarios.Check
	for _, c := range scenarios.All() {
		if c.Tier <= scenarios.Thorough {
			checks = append(checks, c)
		}
	}
	w, err := measure.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	m := scenarios.Matrix{
		Techniques: slices.DeleteFunc(measure.Techniques(), func(x measure.Technique) bool { return !x.Speaks("1.1") }),
		Paths:      []scenarios.Path{{Proxy: proxy, Mode: mode}},
		Clients:    []scenarios.Receiver{{Name: "go", Client: clients.NewGo()}},
		Checks:     checks,
	}
	sum, err := scenarios.Run(t.Context(), m, w, scenarios.Options{Origin: origin, TimeScale: 0.01})
	if err != nil {
		t.Fatalf("%s: %v", p.spec, err)
	}
	return sum.Cells
}

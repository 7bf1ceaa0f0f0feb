package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

func TestFallbacks(t *testing.T) {
	run := &measure.Run{Record: measure.RunRecord{Type: measure.TypeRun, Schema: measure.Schema, ID: "r"}}
	add := func(client, proxy, got string, values map[string]float64) {
		l := measure.Labels{Technique: "bayeux-websocket", Proxy: proxy, Client: client, HTTP: "1.1"}
		run.Cells = append(run.Cells, measure.CellRecord{Type: measure.TypeCell, Cell: l.ID(), Labels: l, Verdict: measure.Works})
		run.Checks = append(run.Checks, measure.CheckRecord{Type: measure.TypeCheck, Cell: l.ID(), Labels: l, Check: fallbackCheck,
			Kind: measure.Observe, Axis: measure.Opening, Verdict: measure.Works, Got: got, Values: values})
	}
	add("faye", "p|1", "nothing in 30.0 s; before, /meta/handshake after 1.0 s: <b>`x`", map[string]float64{"failures": 1})
	add("cometd", "nginx-default", "long-polling: open after 0.2 s, first message after 0.3 s; before, /meta/handshake after 0.1 s: Error",
		map[string]float64{"failures": 1, "opened_ms": 212, "first_ms": 321})
	var text, md bytes.Buffer
	if err := Text(&text, []*measure.Run{run}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&md, []*measure.Run{run}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"client  transport     open after  message after  path\n",
		"cometd  long-polling  0.2 s       0.3 s          nginx-default\nfaye    none          -           -              p|1\n",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no %q in\n%s", line, text.String())
		}
	}
	for _, line := range []string{
		"| `cometd` | `nginx-default` | `long-polling` | 0.2 s | 0.3 s | `/meta/handshake after 0.1 s: Error` |\n",
		"| `none` | - | - | ",
	} {
		if !strings.Contains(md.String(), line) {
			t.Errorf("no %q in\n%s", line, md.String())
		}
	}
	var table bytes.Buffer
	if err := FallbackTable(&table, []*measure.Run{run}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| path | `cometd` | `faye` |\n| --- | --- | --- |\n| `nginx-default` | `long-polling` 0.2 s |  |\n",
		"|  | nothing |\n", "| `nginx-default` | `cometd` | `/meta/handshake after 0.1 s: Error` |\n",
	} {
		if !strings.Contains(table.String(), line) {
			t.Errorf("no %q in\n%s", line, table.String())
		}
	}
	if err := FallbackTable(&table, []*measure.Run{{Record: run.Record}}); err == nil {
		t.Error("a table of nothing")
	}
	var page bytes.Buffer
	if err := HTML(&page, []*measure.Run{run}); err != nil {
		t.Fatal(err)
	}
	if want := "<td>nginx-<wbr>default</td><td>long-polling</td><td>0.2 s</td><td>0.3 s</td>"; !strings.Contains(page.String(), want) || strings.Contains(page.String(), "<b>`x`") {
		t.Errorf("the page lacks %s, or holds markup of the run", want)
	}
	if strings.Contains(md.String()+table.String(), "p|1") {
		t.Errorf("a name breaks the table:\n%s", md.String())
	}
}

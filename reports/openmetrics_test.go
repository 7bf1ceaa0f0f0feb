package reports

import (
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// readExposition reads OpenMetrics text by the parser of Prometheus and
// returns how many samples each family has.
func readExposition(t *testing.T, text string) map[string]int {
	t.Helper()
	p := textparse.NewOpenMetricsParser([]byte(text), promlabels.NewSymbolTable())
	samples, family := map[string]int{}, ""
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return samples
		}
		if err != nil {
			t.Fatalf("Prometheus reads %v", err)
		}
		switch entry {
		case textparse.EntryType:
			name, _ := p.Type()
			family = string(name)
		case textparse.EntrySeries:
			var l promlabels.Labels
			p.Labels(&l)
			if name := l.Get(promlabels.MetricName); strings.TrimSuffix(name, "_info") != family {
				t.Errorf("%s inside the family %s", name, family)
			}
			samples[family]++
		}
	}
}

func TestOpenMetricsIsReadByPrometheus(t *testing.T) {
	run := smallRun(t)
	samples := readExposition(t, render(t, OpenMetrics, run))
	if samples["cometbench_cell_verdict"] != len(run.Cells) || samples["cometbench_check_seconds"] == 0 {
		t.Errorf("samples by family: %v", samples)
	}
	readExposition(t, render(t, OpenMetrics, hostileRun(t)))
	f, _ := ComparisonFormatByName("openmetrics")
	readExposition(t, renderComparison(t, f, comparison()))
}

// The reference parser is stricter than Prometheus: it knows the rules of
// names, units and order.
func TestOpenMetricsIsReadByTheReferenceParser(t *testing.T) {
	const program = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as read\nprint(len(list(read(sys.stdin.read()))))"
	python := ""
	for _, path := range []string{"python3", "/usr/bin/python3"} { // another Python in front does not see Debian's packages
		if exec.CommandContext(t.Context(), path, "-c", "import prometheus_client.openmetrics.parser").Run() == nil {
			python = path
			break
		}
	}
	if python == "" {
		t.Skip("needs the Python package prometheus_client (Debian package python3-prometheus-client)")
	}
	f, _ := ComparisonFormatByName("openmetrics")
	for name, text := range map[string]string{
		"a run": render(t, OpenMetrics, smallRun(t)), "a hostile run": render(t, OpenMetrics, hostileRun(t)), "a comparison": renderComparison(t, f, comparison()),
	} {
		cmd := exec.CommandContext(t.Context(), python, "-c", program)
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

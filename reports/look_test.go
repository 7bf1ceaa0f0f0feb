package reports

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestLook leaves the large fixture with all its reports where -keep says.
func TestLook(t *testing.T) {
	if *keep == "" {
		t.Skip("no -keep")
	}
	if err := os.RemoveAll(*keep); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]*measure.Run{
		"full":  writeRun(t, filepath.Join(*keep, "full"), runRecord("20250314-092653"), matrix(), true, true),
		"small": writeRun(t, filepath.Join(*keep, "small"), runRecord("20250314-092653"), oneOfEach(), false, true),
	} {
		for _, f := range Formats() {
			if err := WriteFile(filepath.Join(*keep, name, f.File), f, run); err != nil {
				t.Error(err)
			}
		}
	}
}

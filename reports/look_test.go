package reports

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestLook leaves the fixtures with all their reports where -keep says, and
// pictures of the pages as screens show them, to be looked at. COMETBENCH_LOOK
// names a run directory of one's own to be pictured as well.
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
	own := os.Getenv("COMETBENCH_LOOK")
	if own != "" {
		if err := WriteFile(filepath.Join(*keep, "own.html"), Format{Write: HTML}, read(t, own)); err != nil {
			t.Fatal(err)
		}
	}
	b := openBrowser(t)
	for name, path := range map[string]string{"full": "full/report.html", "small": "small/report.html", "own": "own.html"} {
		if name == "own" && own == "" {
			continue
		}
		for _, s := range screens() {
			b.load(filepath.Join(*keep, path), s)
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(*keep, name+"-"+s.String()+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

package plays_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/plays"
)

func TestThereIsAPlayForEachDemoThatCellsAreAbout(t *testing.T) {
	rows, all := measure.Demos(), plays.All()
	if len(rows) != len(all) {
		t.Fatalf("%d rows, %d plays", len(rows), len(all))
	}
	for i, row := range rows {
		if all[i].Name != row.Name || !row.Demo || len(all[i].Acts) < 2 || !strings.HasPrefix(all[i].Page, "/demo/") {
			t.Errorf("row %s, play %+v", row.Name, all[i])
		}
		if _, ok := plays.ByName(row.Name); !ok {
			t.Errorf("no play of the name %s", row.Name)
		}
	}
	if _, ok := plays.ByName("demo/none"); ok {
		t.Error("a play that is none")
	}
}

// deaf is a page on which nothing ever becomes true.
type deaf struct {
	measure.Tab
	closed int
	page   string
}

func (d *deaf) Until(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
func (d *deaf) Trouble() measure.Trouble                  { return measure.Trouble{Refused: []int{502}} }
func (d *deaf) Close() error                              { d.closed++; return nil }

func TestAPlayEndsWithTheFirstActThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		play, _ := plays.ByName("demo/resin-ticker")
		tab := &deaf{}
		open := func(_ context.Context, page string) (measure.Tab, error) { tab.page = page; return tab, nil }
		done, err := play.Perform(t.Context(), "here", open)
		if err != nil || len(done.Steps) != 1 || !errors.Is(done.Steps[0].Err, context.DeadlineExceeded) || done.Steps[0].Took < time.Second {
			t.Errorf("%+v, %v; want one step that was given up", done, err)
		}
		if tab.closed != 1 || len(done.Trouble.Refused) != 1 || tab.page != "/demo/resin-ticker/?&room=here" {
			t.Errorf("closed %d times, %+v, page %s", tab.closed, done.Trouble, tab.page)
		}
	})
}

func TestAPageThatDoesNotOpenIsAnError(t *testing.T) {
	play, _ := plays.ByName("demo/rocket")
	want := errors.New("no such browser")
	if _, err := play.Perform(t.Context(), "", func(context.Context, string) (measure.Tab, error) { return nil, want }); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}
